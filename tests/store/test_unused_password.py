"""What is said of a password in the environment that nothing uses."""

from __future__ import annotations

from pathlib import Path

from smtpcheck.store.profile_reader import profile_from_settings


def test_a_profile_that_logs_in_by_certificate_is_not_said_to_log_in_not_at_all(
    tmp_path: Path,
) -> None:
    pem = tmp_path / "me.pem"
    pem.write_text("")
    loaded = profile_from_settings(
        {
            "server": {"host": "mail.example.com"},
            "tls": {"client_cert": str(pem), "client_key": str(pem)},
        },
        environment={"SMTPCHECK_PASSWORD": "canary"},
    )
    [note] = [each for each in loaded.notes if "SMTPCHECK_PASSWORD" in each]
    assert note == "SMTPCHECK_PASSWORD is set and not used: the profile names no user"

"""Nothing weaker than what variables say of TLS is ever made of them."""

from __future__ import annotations

import pytest

from tests.store.foreign.reading_back import imported, profile_of

HOST = "SMTP_HOST=smtp.example.com\n"


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("SMTP_PORT=587\n", "starttls"),
        ("SMTP_PORT=465\n", "tls"),
        ("SMTP_PORT=587\nSMTP_SSL=false\n", "starttls"),
        ("SMTP_PORT=587\nSMTP_SECURE=false\n", "starttls"),
        ("SMTP_PORT=465\nSMTP_SECURE=true\n", "tls"),
        ("SMTP_PORT=587\nSMTP_SECURE=true\n", "starttls"),
        ("SMTP_PORT=587\nSMTP_SECURE=ssl\n", "tls"),
        ("SMTP_PORT=587\nSMTP_TLS=${UNKNOWN}\n", "starttls"),
        ("SMTP_PORT=587\nSMTP_SECURITY=${UNKNOWN}\n", "starttls"),
        ("SMTP_PORT=587\nSMTP_ENABLE_STARTTLS=auto\n", "starttls"),
        ("SMTP_PORT=587\nSMTP_STARTTLS=true\nSMTP_SSL=false\n", "starttls"),
        ("SMTP_PORT=25\nSMTP_TLS=false\n", "none"),
        ("SMTP_PORT=587\nSMTP_ENCRYPTION=none\n", "none"),
        ("SMTP_PORT=587\nSMTP_ENABLE_STARTTLS=never\n", "none"),
        ("SMTP_SECURITY=force_tls\n", "tls"),
    ],
)
def test_a_variable_gives_this_mode(text: str, mode: str) -> None:
    found = imported("dotenv", HOST + text, ".env")
    assert profile_of(dict(found.values)).security == mode


@pytest.mark.parametrize(
    "text",
    [
        "MM_EMAILSETTINGS_SMTPSERVER=m.example\nMM_EMAILSETTINGS_CONNECTIONSECURITY=${X}\n",
        "EMAIL_HOST=m.example\nEMAIL_PORT=587\nEMAIL_USE_TLS=${X}\n",
        "MAIL_SERVER=m.example\nMAIL_PORT=587\nMAIL_USE_TLS=${X}\n",
        "MAIL_HOST=m.example\nMAIL_PORT=587\nMAIL_ENCRYPTION=${X}\n",
        "QUARKUS_MAILER_HOST=m.example\nQUARKUS_MAILER_START_TLS=${X}\n",
        "AIRFLOW__SMTP__SMTP_HOST=m.example\nAIRFLOW__SMTP__SMTP_STARTTLS=${X}\n",
        "GITEA__mailer__SMTP_ADDR=m.example\nGITEA__mailer__PROTOCOL=${X}\n",
        "WPMS_SMTP_HOST=m.example\nWPMS_SMTP_PORT=587\nWPMS_SSL=${X}\n",
    ],
)
def test_a_mode_that_is_not_known_is_not_none(text: str) -> None:
    found = imported("dotenv", text, ".env")
    assert profile_of(dict(found.values)).security != "none"

"""Workflow commands, read as the runner of GitHub Actions reads them, and the job summary."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from smtpcheck.cli.job_summary import VARIABLE, add_to_job_summary
from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.report import Report
from smtpcheck.report.github import SUMMARY_LIMIT, job_summary, render_github
from smtpcheck.report.troubles import PLAIN
from tests.report.hostile import HOSTILES, hostile_report
from tests.report.samples import SAMPLES, STARTTLS, F, failed_auth, report, several_targets

KNOWN = {"title", "file", "line"}
IN_DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
IN_PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Each line as the runner takes it apart: command, properties, message."""
    found = []
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        assert "\r" not in line
        # The older form of an order is looked for anywhere within a line.
        assert "##[" not in line
        told = line.lstrip()
        assert told.startswith("::")
        # The first two colons behind the command end it, whatever they were meant for.
        command, colons, data = told[2:].partition("::")
        assert colons
        name, _, rest = command.partition(" ")
        properties = {}
        for pair in filter(None, rest.strip().split(",")):
            key, equals, value = pair.partition("=")
            assert equals
            assert value
            properties[key] = unescaped(value, IN_PROPERTY)
        assert properties.keys() <= KNOWN
        found.append((name, properties, unescaped(data, IN_DATA)))
    return found


def unescaped(text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for written, meant in pairs:
        text = text.replace(written, meant)
    return text


@pytest.mark.parametrize("name", SAMPLES)
def test_every_target_is_told(name: str) -> None:
    made = SAMPLES[name]()
    found = commands("".join(render_github(made, PLAIN)))
    assert {kind for kind, _, _ in found} <= {"error", "warning", "notice"}
    errors = sum(kind == "error" for kind, _, _ in found)
    assert errors >= sum(each.exit_code != 0 for each in made.targets)
    assert all(message for _, _, message in found)


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("name", HOSTILES)
def test_server_text_is_no_command(name: str, severity: Severity) -> None:
    found = commands(
        "".join(render_github(hostile_report(HOSTILES[name], severity=severity), PLAIN))
    )
    assert [kind for kind, _, _ in found] == [severity.value] * 2
    for _, properties, message in found:
        assert properties["title"].startswith("smtpcheck ")
        assert len(message.splitlines()) <= 4


def test_cause_and_fix_stand_in_the_message() -> None:
    ((kind, properties, message),) = commands("".join(render_github(failed_auth(), PLAIN)))
    assert (kind, properties) == ("error", {"title": "smtpcheck office365: auth-smtp-disabled"})
    assert message.splitlines()[0] == "SMTP AUTH is switched off for this mailbox or tenant"
    assert "\nfix: (the mail provider) enable authenticated SMTP" in message


def test_what_github_would_not_show_is_told_as_one() -> None:
    one = failed_auth().targets[0]
    many = report(*(replace(one, target=f"profile-{number}") for number in range(25)))
    found = commands("".join(render_github(many, PLAIN)))
    assert len(found) == 10
    assert found[-1] == ("error", {"title": "smtpcheck"}, "16 more: see the job summary")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("ci/relay.toml", True),
        ("./ci/relay.toml", True),
        ("/etc/relay.toml", False),
        ("../relay.toml", False),
        ("a\nb.toml", False),
    ],
)
def test_a_profile_of_the_repository_is_pointed_at(path: str, *, told: bool) -> None:
    one = failed_auth().targets[0]
    settings = {**STARTTLS, "profile": path.removeprefix("./")}
    seen = replace(one.observations, settings=settings)
    made = report(replace(one, target=path, profile=None, observations=seen))
    ((_, properties, _),) = commands("".join(render_github(made, PLAIN)))
    assert properties.get("file") == (path.removeprefix("./") if told else None)


def test_the_job_summary_gets_the_report_behind_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "summary.md"
    place.write_text("before\n")
    monkeypatch.setenv(VARIABLE, str(place))
    assert add_to_job_summary(several_targets()) == ""
    text = place.read_text()
    assert text.startswith("before\n# smtpcheck\n")
    assert "| office365 | failed at auth |" in text


def test_a_summary_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert add_to_job_summary(several_targets()).startswith(f"cannot write {tmp_path}")
    monkeypatch.setenv(VARIABLE, "")
    assert add_to_job_summary(several_targets()) == ""


def huge() -> Report:
    one = failed_auth().targets[0]
    cause = replace(one.diagnoses[0], help=("x" * 2000,) * 20)
    one = replace(one, diagnoses=(cause, cause))
    return report(*(replace(one, target=f"profile-{number}") for number in range(2000)))


@pytest.mark.parametrize("already", [0, 900_000, SUMMARY_LIMIT])
def test_a_summary_keeps_within_what_github_takes(already: int) -> None:
    text = job_summary(huge(), PLAIN, already=already)
    assert already + len(text.encode()) <= SUMMARY_LIMIT
    assert text.count("\n```") % 2 == 0
    assert (text == "") == (already == SUMMARY_LIMIT)
    assert text == "" or text.endswith("The rest did not fit into the summary.\n")


def test_a_failure_without_a_cause_is_an_error() -> None:
    one = replace(failed_auth().targets[0], diagnoses=(), outcome=F)
    ((kind, properties, _),) = commands("".join(render_github(report(one), PLAIN)))
    assert (kind, properties["title"]) == ("error", "smtpcheck office365: unknown-cause")

"""The action of GitHub, run as the runner runs a composite action: inputs by the environment, files
for PATH, outputs and summary."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtpcheck.sandbox.scenario import find_scenario
from smtpcheck.sandbox.server import Sandbox
from tests.contrib.pieces import (
    BIN,
    PASSWORD,
    ROOT,
    documents,
    good,
    mail_server,
    needed,
    run,
    tool,
    trusting,
)

(ACTION,) = documents(ROOT / "action.yml")
PROFILE = """\
[server]
host = "127.0.0.1"
port = {port}
security = "starttls"
[auth]
username = "notify@example.com"
password = {{ env = "SMTP_PASSWORD" }}
[sender]
address = "notify@example.com"
"""


class Runner:
    """A job with a checkout of its own, whose steps are those of the action."""

    def __init__(self, folder: Path, server: Sandbox) -> None:
        self.folder = folder / "checkout"
        self.folder.mkdir()
        (self.folder / "notify.toml").write_text(PROFILE.format(port=server.submission_port))
        self._files = {
            name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")
        }
        for file in self._files.values():
            file.touch()
        self.environment = trusting(server, folder / "none", folder) | {
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_WORKSPACE": str(self.folder),
            "RUNNER_TEMP": str(folder),
            "SMTP_PASSWORD": PASSWORD,
            **{name: str(file) for name, file in self._files.items()},
        }
        self.out = ""
        self.err = ""

    def file(self, name: str) -> str:
        return self._files[name].read_text("utf-8")

    def step(self, name: str, path: str, **inputs: str) -> int:
        """The exit code of a step; `path` goes before PATH."""
        (step,) = [each for each in ACTION["runs"]["steps"] if each["name"] == name]
        given = {key: spec.get("default", "") for key, spec in ACTION["inputs"].items()}
        assert set(inputs) <= set(given)
        given |= inputs
        environment = {
            variable: re.sub(r"\$\{\{ inputs\.([a-z-]+) }}", lambda found: given[found[1]], text)
            for variable, text in step["env"].items()
        }
        argv = [needed("bash", "bash"), "--noprofile", "--norc", "-eo", "pipefail", "-c"]
        whole = self.environment | environment
        whole["PATH"] = f"{path}{os.pathsep}{os.environ['PATH']}"
        done = run([*argv, step["run"]], self.folder, **whole)
        self.out, self.err = done.stdout, done.stderr
        return done.returncode

    def probe(self, **inputs: str) -> int:
        return self.step("Probe", str(BIN), **inputs)


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with mail_server() as running:
        yield running


@pytest.fixture
def runner(tmp_path: Path, server: Sandbox) -> Runner:
    return Runner(tmp_path, server)


def test_the_action_is_sound_by_githubs_schema() -> None:
    good([tool("check-jsonschema"), "--builtin-schema", "vendor.github-actions", "action.yml"])


def test_no_input_reaches_the_text_of_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]


def test_every_input_is_used() -> None:
    used = {
        name
        for step in ACTION["runs"]["steps"]
        for text in step["env"].values()
        for name in re.findall(r"inputs\.([a-z-]+)", text)
    }
    assert used == set(ACTION["inputs"])


@pytest.mark.lab
def test_the_scripts_of_the_action_pass_shellcheck() -> None:
    scripts = [str(path) for path in (ROOT / "contrib/github").glob("*.sh")]
    assert len(scripts) == 2
    good([needed("shellcheck", "shellcheck"), *scripts])


@pytest.mark.lab
def test_the_first_step_installs_what_the_action_was_checked_out_as(runner: Runner) -> None:
    assert runner.step("Install smtpcheck", str(BIN)) == 0, runner.err
    (path,) = runner.file("GITHUB_PATH").splitlines()
    assert good([f"{path}/smtpcheck", "--version"]) == good([str(BIN / "smtpcheck"), "--version"])
    assert runner.step("Probe", path, targets="notify.toml") == 0, runner.err


def test_a_good_server_passes_and_leaves_report_outputs_and_summary(
    runner: Runner, server: Sandbox
) -> None:
    formats = "html=page.html sarif=found.sarif"
    assert runner.probe(targets="notify.toml", formats=formats) == 0, runner.err
    assert runner.file("GITHUB_OUTPUT") == "exit-code=0\njunit=smtpcheck-junit.xml\n"
    assert 'failures="0"' in (runner.folder / "smtpcheck-junit.xml").read_text()
    assert (runner.folder / "page.html").exists()
    assert (runner.folder / "found.sarif").exists()
    assert "notify.toml" in runner.file("GITHUB_STEP_SUMMARY")


def test_a_refused_login_fails_the_job_with_an_annotation_and_without_the_secret(
    runner: Runner,
) -> None:
    runner.environment["SMTP_PASSWORD"] = "wr0ng-s3cret"
    assert runner.probe(targets="notify.toml") == 13
    assert "::error " in runner.out
    assert "auth-bad-credentials" in runner.out
    assert "exit-code=13" in runner.file("GITHUB_OUTPUT")
    everything = runner.out + runner.err + runner.file("GITHUB_STEP_SUMMARY")
    everything += (runner.folder / "smtpcheck-junit.xml").read_text()
    assert "wr0ng-s3cret" not in everything


def test_what_is_expected_is_asked_a_line_each(runner: Runner) -> None:
    unmet = "certificate_days=3650\n\n  total_ms=60000\n"
    assert runner.probe(targets="notify.toml", expect=unmet) == 15, runner.err
    assert runner.probe(targets="notify.toml", expect="total_ms=60000") == 0, runner.err


def test_words_are_split_and_never_expanded_or_run(runner: Runner) -> None:
    (runner.folder / "other.toml").write_text("")
    hostile = "*.toml $(touch ran) `touch ran` ; touch ran"
    assert runner.probe(targets=hostile, junit="") == 2
    assert not (runner.folder / "ran").exists()
    assert runner.probe(targets="--help", junit="") == 2


def test_several_targets_and_options_are_passed_on(runner: Runner) -> None:
    other = runner.folder / "other.toml"
    other.write_text((runner.folder / "notify.toml").read_text())
    several = "notify.toml\n other.toml"
    assert runner.probe(targets=several, args="--until auth --jobs 1") == 0, runner.err
    report = (runner.folder / "smtpcheck-junit.xml").read_text()
    assert report.count("<testsuite ") == 2


def test_a_temporary_failure_passes_only_where_it_is_said_to(tmp_path: Path) -> None:
    with Sandbox(scenario=find_scenario("busy-421")) as server:
        runner = Runner(tmp_path, server)
        quick = {"targets": "notify.toml", "retries": "0"}
        assert runner.probe(**quick) == 75
        assert runner.probe(**quick, **{"ignore-temporary": "true"}) == 0
        assert "::notice " in runner.out
        assert runner.file("GITHUB_OUTPUT").count("exit-code=75") == 2

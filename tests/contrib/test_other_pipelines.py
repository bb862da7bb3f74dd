"""What GitLab, Jenkins and pre-commit take of us, run by them or as they run it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtpcheck.sandbox.scenario import find_scenario
from smtpcheck.sandbox.server import Sandbox
from tests.contrib.pieces import (
    BIN,
    CONTRIB,
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
from tests.contrib.test_github_action import PROFILE

GITLAB = CONTRIB / "gitlab/smtpcheck.gitlab-ci.yml"
GITLAB_VARIABLE = "GITLAB_CI_LOCAL"
# A method of Node 22 that it uses, and that Node 20 does not have.
_UNION = "Set.prototype.union ??= function (other) { return new Set([...this, ...other]); };"
_PIPELINE = f"""
include:
  - local: {GITLAB.name}
mail:
  extends: .smtpcheck
  variables:
    PROBE_TARGETS: notify.toml
every:
  extends: .smtpcheck
many:
  extends: .smtpcheck-many
profiles:
  extends: .smtpcheck-lint
  variables:
    PROFILES: notify.toml
"""


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with mail_server() as running:
        yield running


def checkout(folder: Path, server: Sandbox) -> dict[str, str]:
    """A repository with a profile. Returns the environment of its jobs."""
    folder.mkdir(exist_ok=True)
    (folder / "notify.toml").write_text(PROFILE.format(port=server.submission_port))
    found = trusting(server, folder / "none", folder) | {"SMTP_PASSWORD": PASSWORD}
    return found | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


def test_the_include_is_sound_by_gitlabs_schema() -> None:
    argv = [tool("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci"]
    good([*argv, "--data-transform", "gitlab-ci", str(GITLAB)])


def gitlab(folder: Path, job: str, environment: dict[str, str]) -> tuple[int, str]:
    """Runs a job as gitlab-ci-local does, by the shell; smtpcheck is installed already."""
    program = os.environ.get(GITLAB_VARIABLE, "")
    if not program:
        pytest.skip(f"{GITLAB_VARIABLE} names no gitlab-ci-local (npm)")
    text = GITLAB.read_text("utf-8")
    text = re.sub(r"  image: .*\n", "", text)
    text = re.sub(r"  before_script:\n(    .*\n)+", "", text)
    (folder / GITLAB.name).write_text(text)
    (folder / ".gitlab-ci.yml").write_text(_PIPELINE)
    for argv in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        good(["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *argv], folder)
    needed("rsync", "rsync")
    union = folder.parent / "union.cjs"
    union.write_text(_UNION)
    options = {"NODE_OPTIONS": f"--require={union}", "HOME": str(folder.parent)}
    done = run([program, "--force-shell-executor", job], folder, **(environment | options))
    return done.returncode, done.stdout + done.stderr


@pytest.mark.lab
def test_a_job_of_gitlab_probes_and_keeps_the_report(tmp_path: Path, server: Sandbox) -> None:
    environment = checkout(tmp_path / "repository", server)
    code, told = gitlab(tmp_path / "repository", "mail", environment)
    assert code == 0, told
    assert 'failures="0"' in (tmp_path / "repository/smtpcheck.xml").read_text()


@pytest.mark.lab
def test_a_job_of_gitlab_that_names_no_target_probes_every_profile(
    tmp_path: Path, server: Sandbox
) -> None:
    environment = checkout(tmp_path / "repository", server)
    profiles = tmp_path / "config/profiles"
    profiles.mkdir(parents=True)
    (tmp_path / "repository/notify.toml").rename(profiles / "notify.toml")
    environment["SMTPCHECK_CONFIG_DIR"] = str(tmp_path / "config")
    code, told = gitlab(tmp_path / "repository", "every", environment)
    assert code == 0, told
    assert 'name="notify"' in (tmp_path / "repository/smtpcheck.xml").read_text()


@pytest.mark.lab
def test_gitlab_takes_a_temporary_failure_as_a_warning(tmp_path: Path) -> None:
    with Sandbox(scenario=find_scenario("busy-421")) as server:
        environment = checkout(tmp_path / "repository", server)
        environment["SMTPCHECK_SERVER_TIMEOUT"] = "2"
        (tmp_path / "repository/.gitlab-ci-local-variables.yml").write_text(
            "PROBE_OPTIONS: --retries 0\n"
        )
        code, told = gitlab(tmp_path / "repository", "mail", environment)
    assert code == 0, told
    assert re.search(r"WARN +75", told), told


def test_the_parallel_job_takes_its_part_of_the_targets() -> None:
    (jobs,) = documents(GITLAB)
    many = jobs[".smtpcheck-many"]
    assert many["parallel"] > 1
    assert "--shard auto" in many["variables"]["PROBE_OPTIONS"]


def jenkins_script() -> str:
    text = (CONTRIB / "jenkins/Jenkinsfile").read_text("utf-8")
    (script,) = re.findall(r"script: '''(.*?)'''", text, re.DOTALL)
    assert isinstance(script, str)
    return script


def test_the_step_of_jenkins_probes_and_writes_what_is_collected_after_it(
    tmp_path: Path, server: Sandbox
) -> None:
    environment = checkout(tmp_path, server)
    (tmp_path / "ci/profiles").mkdir(parents=True)
    shutil.copy(tmp_path / "notify.toml", tmp_path / "ci/profiles/notify.toml")
    script = jenkins_script().replace(".smtpcheck/bin/smtpcheck", "smtpcheck")
    done = run(["sh", "-xe", "-c", script], tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    text = (CONTRIB / "jenkins/Jenkinsfile").read_text("utf-8")
    for name in re.findall(r"(?:testResults|artifacts): '([^']+)'", text):
        assert (tmp_path / name).stat().st_size > 0


@pytest.mark.lab
def test_pre_commit_finds_the_mistake_in_a_staged_profile(tmp_path: Path) -> None:
    program = tool("pre-commit")
    needed("git", "git")
    hooks, folder = tmp_path / "smtpcheck", tmp_path / "repository"
    good(["git", "clone", "-q", "--depth=1", f"file://{ROOT}", str(hooks)])
    # What is tried is the work tree, committed or not.
    for name in (".pre-commit-hooks.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, hooks / name)
    author = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    good(["git", *author, "commit", "-qam", "x", "--allow-empty"], hooks)
    (folder / "profiles").mkdir(parents=True)
    (folder / "elsewhere.toml").write_text("a = 1\n")
    good(["git", "init", "-q"], folder)
    profile = folder / "profiles/notify.toml"
    argv = [program, "try-repo", str(hooks), "smtpcheck-profiles", "--verbose", "--all-files"]
    home = {"PRE_COMMIT_HOME": str(tmp_path / "home"), "SMTPCHECK_CONFIG_DIR": str(tmp_path)}

    profile.write_text('[server]\nhost = "smtp.example.com"\nport = 587\nsecurty = "starttls"\n')
    good(["git", "add", "."], folder)
    done = run(argv, folder, **home)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "profiles/notify.toml:4" in done.stdout or "line 4" in done.stdout, done.stdout

    profile.write_text('[server]\nhost = "smtp.example.com"\nport = 587\nsecurity = "starttls"\n')
    good(["git", "add", "."], folder)
    assert "1 profile" in good(argv, folder, **home)

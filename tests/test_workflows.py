"""The repository's own workflow files and scripts, read by the programs that judge such files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".github"
SCRIPTS = sorted(each for each in (ROOT / ".ci").glob("*") if each.is_file())
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="no checkout: .github is not here")


def program(name: str) -> str:
    """Where a program is, beside this interpreter or in the path; skips the test without it."""
    own = shutil.which(name, path=str(Path(sys.executable).parent))
    found = own or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def judged(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "schema"),
    [("workflows/ci.yml", "vendor.github-workflows"), ("dependabot.yml", "vendor.dependabot")],
)
def test_each_file_keeps_to_the_schema_of_github(file: str, schema: str) -> None:
    command = (program("check-jsonschema"), "--builtin-schema", schema, FOLDER / file)
    assert judged(*command) == ""


@pytest.mark.parametrize(
    ("title", "schema"),
    [("GitHub Actions", "vendor.github-workflows"), ("GitLab", "vendor.gitlab-ci")],
)
def test_what_the_documentation_proposes_keeps_to_the_schema(
    title: str, schema: str, tmp_path: Path
) -> None:
    chapter = (ROOT / "docs/pipelines.md").read_text().partition(f"## {title}\n")[2]
    path = tmp_path / "pipeline.yml"
    path.write_text(chapter.partition("```yaml\n")[2].partition("```")[0])
    command = (program("check-jsonschema"), "--builtin-schema", schema)
    assert judged(*command, path) == ""
    path.write_text(path.read_text().replace("script:", "scrip:").replace("runs-on", "run-on"))
    assert judged(*command, path)


def test_the_workflows_give_an_attacker_nothing() -> None:
    assert judged(program("zizmor"), "--offline", "--pedantic", "--no-progress", FOLDER) == ""


def test_every_action_is_pinned_by_a_commit_that_a_comment_names() -> None:
    text = "".join(path.read_text() for path in (FOLDER / "workflows").glob("*.yml"))
    used = re.findall(r"uses: (.*)", text)
    assert used
    for each in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*", each), each


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_have_no_mistake_that_shellcheck_knows(script: Path) -> None:
    assert judged(program("shellcheck"), script) == ""


def test_what_the_workflow_runs_is_run_by_ci_run_too() -> None:
    workflow = (FOLDER / "workflows/ci.yml").read_text()
    everything = (ROOT / ".ci/run").read_text()
    assert "run: .ci/health-check reports" in workflow
    assert "clone/.ci/health-check" in everything
    for script in re.findall(r"run: .*(\.ci/\S+)", workflow):
        assert os.access(ROOT / script, os.X_OK), script


def test_the_health_check_ends_with_the_codes_that_a_pipeline_goes_by(tmp_path: Path) -> None:
    program("bash")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SMTPCHECK")},
        "SMTPCHECK": program("smtpcheck"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    done = subprocess.run(
        [ROOT / ".ci/health-check", tmp_path / "reports"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "::error" not in done.stdout
    assert "::notice title=smtpcheck greylisting::passed at attempt 2" in done.stdout
    assert "# " in (tmp_path / "summary.md").read_text()
    failures = {
        path.stem: ET.parse(path).getroot().get("failures")  # noqa: S314 - our own file
        for path in (tmp_path / "reports").glob("*.xml")
    }
    codes = {name: number for name, number in failures.items() if number != "0"}
    assert codes == {"expecting": "1", "refusing": "1", "limited": "1"}
    assert {"healthy", "greylisting"} <= failures.keys()


def test_the_health_check_fails_where_smtpcheck_does_not_do_what_it_says(tmp_path: Path) -> None:
    program("bash")
    real = program("smtpcheck")
    liar = tmp_path / "liar"
    liar.write_text(f'#!/bin/sh\n[ "$1" = sandbox ] && exec {real} "$@"\n{real} "$@"\nexit 0\n')
    liar.chmod(0o755)
    done = subprocess.run(
        [ROOT / ".ci/health-check", tmp_path / "reports"],
        env={**os.environ, "SMTPCHECK": str(liar)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 1
    assert "it ended with 0 instead of 15" in done.stderr

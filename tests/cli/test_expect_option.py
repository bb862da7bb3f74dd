"""`--expect` and `--baseline` as users give them, against the sandbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import CommandLine
from tests.scripted.server import ScriptedServer

SMALL = "S: 220 hi\nC: EHLO\nS: 250-hi\nS: 250 SIZE 5\nC: QUIT\nS: 221 bye\n"


def target(path: Path) -> dict[str, Any]:
    [only] = json.loads(path.read_text())["targets"]
    assert isinstance(only, dict)
    return only


def test_a_certificate_that_ends_too_soon_is_15_and_says_what_to_do(smtpcheck: CommandLine) -> None:
    done = smtpcheck("probe", "--sandbox", "--expect", "certificate_days=3650")
    assert done.code == 15
    assert "error[expectation-certificate-ends-soon]" in done.out
    assert "--set expect.certificate_days=21" in done.out
    assert "failed an expectation" in done.out


def test_what_is_met_is_not_mentioned(smtpcheck: CommandLine) -> None:
    done = smtpcheck(
        *("probe", "--sandbox", "--expect", "mechanisms=PLAIN", "--expect", "mechanisms=LOGIN"),
        *("--expect", "expect.min_tls=1.2", "--set", "expect.families=ipv4"),
    )
    assert (done.code, done.err) == (0, "")
    assert "expect" not in done.out


def test_a_list_grows_by_each_flag(smtpcheck: CommandLine) -> None:
    done = smtpcheck(
        *("probe", "--sandbox", "--expect", "extensions=SIZE", "--expect", "extensions=X-NONE"),
        "--format=json",
    )
    [only] = json.loads(done.out)["targets"]
    assert done.code == 15
    assert only["settings"]["expect.extensions"] == ["SIZE", "X-NONE"]
    assert [each["severity"] for each in only["diagnoses"]] == ["error"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("certificat_days=3", "did you mean certificate_days?"),
        ("colour=red", "what may be expected: min_tls"),
        ("total_ms", "--expect total_ms has no value"),
        ("total_ms=", "--expect total_ms has no value"),
        ("=3", "--expect  is not known"),
        ("total_ms=soon", "expect.total_ms is text, not a whole number"),
        ("families=ipx", "expect.families is not one of the words it may be"),
        ("senders=nobody", "expect.senders"),
        ("unchanged=weather", "certificate"),
    ],
)
def test_a_wrong_expectation_is_refused_in_words(
    smtpcheck: CommandLine, words: str, said: str
) -> None:
    done = smtpcheck("probe", "--sandbox", "--expect", words)
    assert done.code == 2
    assert said in done.err
    assert done.out == ""


def test_two_values_for_one_key_are_refused(smtpcheck: CommandLine) -> None:
    twice = ("--expect", "total_ms=1", "--expect", "total_ms=2")
    assert "given twice" in smtpcheck("probe", "--sandbox", *twice).err
    both = ("--expect", "total_ms=1", "--set", "expect.total_ms=2")
    assert "contradict" in smtpcheck("probe", "--sandbox", *both).err


def test_send_test_holds_the_server_to_it_too(smtpcheck: CommandLine) -> None:
    done = smtpcheck("send-test", "--sandbox", "--expect", "banner=Postfix")
    assert done.code == 15
    assert "expectation-banner-differs" in done.out


def test_a_sender_that_the_sandbox_takes_is_tried_behind_the_message(
    smtpcheck: CommandLine, tmp_path: Path
) -> None:
    done = smtpcheck(
        *("probe", "--sandbox", "--expect", "senders=bob@sandbox.test", "--format=json=r.json")
    )
    assert done.code == 0, done.out
    steps = [each["step"] for each in target(tmp_path / "r.json")["stages"][4]["steps"]]
    assert steps[-3:] == ["send.message", "send.sender", "send.quit"]


def test_a_run_that_ends_early_says_what_it_did_not_look_at(smtpcheck: CommandLine) -> None:
    done = smtpcheck("probe", "--sandbox", "--until", "tcp", "--expect", "min_tls=1.3")
    assert done.code == 0
    assert "not looked at, the run did not get so far: expect.min_tls" in done.out


def test_the_report_that_is_compared_with_may_be_the_one_that_is_written(
    smtpcheck: CommandLine, tmp_path: Path
) -> None:
    saved = tmp_path / "r.json"
    assert smtpcheck("probe", "--sandbox", "--format=json=r.json").code == 0
    first = json.loads(saved.read_text())["started"]
    again = ("probe", "--sandbox", "--baseline", "r.json", "--format=json=r.json")
    done = smtpcheck(*again, "--set", "tls.max_version=1.2")
    assert done.code == 0
    assert f"since the run of {first}" in done.out
    assert "was 1.3, now 1.2" in done.out
    kept = target(saved)
    assert kept["baseline"] == first
    assert "tls_version" in [each["what"] for each in kept["drift"]]
    replayed = smtpcheck("replay", "r.json", "--format=json")
    assert json.loads(replayed.out)["targets"][0]["drift"] == kept["drift"]


def test_what_must_not_change_and_did_is_15(smtpcheck: CommandLine) -> None:
    assert smtpcheck("probe", "--sandbox", "--format=json=r.json").code == 0
    watched = ("probe", "--sandbox", "--baseline", "r.json", "--expect")
    done = smtpcheck(*watched, "unchanged=certificate,mechanisms")
    assert done.code == 15  # every sandbox makes a certificate of its own
    assert "error[expectation-changed-since-baseline]" in done.out
    assert "--baseline r.json" in next(each for each in done.out.splitlines() if "  try" in each)
    assert smtpcheck(*watched, "unchanged=mechanisms").code == 0
    alone = smtpcheck("probe", "--sandbox", "--expect", "unchanged=size")
    assert (
        alone.code,
        "no --baseline holds a run of this target: expect.unchanged" in alone.out,
    ) == (0, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot read b.json"),
        ("", "b.json is no JSON"),
        ("[]", "report is [], not an object"),
        ('{"schema": 2}', "this report has schema 2"),
        ('{"schema": 1, "started": "x"}', "report.outcome is missing"),
    ],
)
def test_a_baseline_that_is_none_stops_before_a_packet(
    smtpcheck: CommandLine, tmp_path: Path, text: str | None, said: str
) -> None:
    if text is not None:
        (tmp_path / "b.json").write_text(text)
    done = smtpcheck("probe", "127.0.0.1:1", "--baseline", "b.json")
    assert (done.code, done.out) == (2, "")
    assert f"--baseline: {said}" in done.err or said in done.err
    assert "--format json=b.json" in done.err


def test_a_target_that_the_baseline_lacks_is_a_note(smtpcheck: CommandLine) -> None:
    smtpcheck("probe", "127.0.0.1:1", "--no-experiments", "--format=json=b.json")
    done = smtpcheck("probe", "--sandbox", "--baseline", "b.json")
    assert done.code == 0
    assert "nothing to compare with: b.json has no run of this target" in " ".join(done.out.split())


def test_a_target_that_recovered_is_told_with_what_was_wrong(smtpcheck: CommandLine) -> None:
    wrong = ("probe", "--sandbox", "--set", "tls.fingerprint=" + "0" * 64, "--no-experiments")
    assert smtpcheck(*wrong, "--format=json=b.json").code == 12
    done = smtpcheck("probe", "--sandbox", "--baseline", "b.json")
    assert done.code == 0
    assert "recovered: was failed at tls" in done.out
    back = smtpcheck(*wrong, "--baseline", "b.json")
    assert back.code == 12
    assert "outcome" not in back.out


def test_fix_and_a_baseline_exclude_each_other(smtpcheck: CommandLine) -> None:
    done = smtpcheck("probe", "x", "--fix", "--baseline", "b.json")
    assert done.code == 2
    assert "compare with the baseline after it" in done.err


def test_an_expectation_of_this_run_is_corrected_where_it_was_given(
    smtpcheck: CommandLine,
) -> None:
    """The profile's own means nothing beside it."""
    with ScriptedServer(SMALL) as server:
        smtpcheck.write(
            "lab",
            f'[server]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
            '[sender]\naddress = "alice@example.test"\n[expect]\nmin_size = 9\n',
        )
        kept = smtpcheck("probe", "lab", "--until", "ehlo")
    assert "smtpcheck profile set lab expect.min_size 5" in " ".join(kept.out.split())
    with ScriptedServer(SMALL) as server:
        flags = ("--set", f"server.port={server.port}", "--expect")
        done = smtpcheck(
            "probe", "lab", "--until=ehlo", *flags, "min_size=8", "--expect=extensions=X"
        )
    said = " ".join(done.out.split())
    assert "correct the expectation: write --set expect.min_size=5" in said
    assert "take the expectation out: leave out --set expect.extensions" in said
    assert "profile set lab expect" not in said

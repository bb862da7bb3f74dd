"""`profile presets`, and what `profile init` makes of every preset."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from smtpcheck.cli.preset_choice import choose_preset
from smtpcheck.cli.profile_answers import NEED_USERNAME
from smtpcheck.store import presets
from smtpcheck.store.presets import COMMON, preset_names
from tests.cli.command_line import CommandLine
from tests.cli.test_profile_questions import Scripted, answered
from tests.shipped import list_presets


def names(smtpcheck: CommandLine, *words: str) -> list[str]:
    found = json.loads(smtpcheck("profile", "presets", *words, "--format", "json").out)
    return [each["name"] for each in found["presets"]]


def test_all_presets_are_listed_a_line_each(smtpcheck: CommandLine) -> None:
    done = smtpcheck("profile", "presets")
    head, *rows = done.out.splitlines()
    assert head.split() == ["NAME", "TITLE", "HOST", "PORT", "CATEGORY", "PASSWORD"]
    assert [row.split()[0] for row in rows] == list(preset_names())
    fastmail = next(row for row in rows if row.startswith("fastmail "))
    assert re.split(r" {2,}", fastmail) == [
        *("fastmail", "Fastmail", "smtp.fastmail.com", "465 tls", "mailbox"),
        "an app password with access to SMTP",
    ]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("GMAIL",), ["gmail"]),
        (("hotmail",), ["outlook"]),
        (("me@icloud.com",), ["icloud"]),
        (("me@gmx.com",), ["gmx-com"]),
        (("you@proton.me",), ["proton", "proton-bridge"]),
        (("smtp.163.com",), ["netease"]),
        (("email-smtp.eu-west-1.amazonaws.com",), ["ses"]),
        (("smtp.zoho.eu",), ["zoho"]),
        (("box1234.bluehost.com",), ["bluehost"]),
        (("relay", "microsoft"), ["m365-direct-send", "m365-relay"]),
        (("testing",), ["mailtrap-sandbox"]),
        (("me@zohomail.com",), ["zoho"]),
        (("postfix-relay",), ["relay"]),
    ],
)
def test_presets_are_found_by_what_people_type(
    smtpcheck: CommandLine, words: tuple[str, ...], found: list[str]
) -> None:
    assert names(smtpcheck, *words) == found


def test_the_best_match_stands_first(smtpcheck: CommandLine) -> None:
    assert names(smtpcheck, "gmail.com")[0] == "gmail"
    assert names(smtpcheck, "google")[0] == "gmail"
    assert names(smtpcheck, "m365")[0] == "office365"
    assert names(smtpcheck, "tencent") == ["exmail-qq", "tencent-ses"]


def test_a_preset_found_alone_is_shown_in_full(smtpcheck: CommandLine) -> None:
    out = smtpcheck("profile", "presets", "ses").out
    for word in ("eu-west-1", "sources", "as of", "profile init --preset ses --region REGION"):
        assert word in out
    assert smtpcheck("profile", "presets", "amazon").out == out
    found = json.loads(smtpcheck("profile", "presets", "ses", "--format", "json").out)
    assert found["presets"][0]["settings"]["server"]["port"] == 587


def test_what_no_source_confirms_is_marked(smtpcheck: CommandLine) -> None:
    out = smtpcheck("profile", "presets", "postmark").out
    assert "include:spf.mtasv.net (not confirmed by the sources)\n" in out
    assert "account password  is refused" in out
    out = smtpcheck("profile", "presets", "resend").out
    assert "user name         resend (this very word)\n" in out


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("gmial", "did you mean gmail?"),
        ("me@gmial.com", "did you mean gmail?"),
        ("smtp.fastmial.com", "did you mean fastmail?"),
        ("me@example.com", "all there are: smtpcheck profile presets"),
    ],
)
def test_no_preset_is_exit_1_with_a_close_name(
    smtpcheck: CommandLine, word: str, hint: str
) -> None:
    done = smtpcheck("profile", "presets", word)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"note: no preset matches {word}\n  help: {hint}\n"


@pytest.mark.parametrize("preset", list_presets(), ids=lambda each: each.name)
def test_every_preset_makes_a_profile_that_lint_has_nothing_against(
    smtpcheck: CommandLine, preset: object
) -> None:
    from smtpcheck.model.preset import Preset

    assert isinstance(preset, Preset)
    flags = ["--preset", preset.name, "--from", "app@example.com", "--no-probe", "--no-input"]
    if preset.host_template:
        flags += ["--region", preset.regions[-1]]
    elif not preset.settings["server"].get("host"):  # type: ignore[union-attr]
        flags += ["--host", "mail.example.com"]
    if preset.username_form in NEED_USERNAME or preset.username_literal:
        flags += ["--password-env", "PW"]
    if preset.username_form in NEED_USERNAME:
        user = "AKIAIOSFODNN7EXAMPLE" if preset.name == "ses" else "app@example.com"
        flags += ["--username", user]
    done = smtpcheck("profile", "init", "mine", *flags)
    assert done.code == 0, done.err
    linted = smtpcheck("profile", "lint", "mine", "--format", "json")
    told = {each["key"] for each in json.loads(linted.out)["findings"]}
    # Where passwords end at a date, lint has to say so.
    ends = {rule["password"] for rule in preset.password_rules} & {"admin", "refused"}
    assert told <= ({"auth.method"} if ends else set())


def test_a_profile_of_a_preset_reads_no_other_preset(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = '[auth]\nusername = "me@icloud.com"\npassword = { env = "PW" }\n'
    smtpcheck.write("mine", f'schema = 1\npreset = "icloud"\n{login}')
    smtpcheck.write("own", f'schema = 1\n[server]\nhost = "mail.example.com"\n{login}')
    read: list[Path] = []

    def noted(path: Path) -> bytes:
        read.append(path)
        return path.read_bytes()

    monkeypatch.setattr(presets, "read_bytes", noted)
    presets.load_preset.cache_clear()
    presets._outlines.cache_clear()
    assert smtpcheck("profile", "lint", "mine").code == 0
    assert [path.name for path in read] == ["icloud.toml"]
    assert smtpcheck("profile", "lint", "own").code == 0
    assert len(read) == 1 + len(preset_names())


def test_the_question_offers_the_usual_ones_and_finds_the_others() -> None:
    asker = Scripted("net", "3")
    assert choose_preset(asker, "other")[0].startswith("netease")
    assert len([text for text in asker.told if re.match(r" +\d+  ", text)]) > len(COMMON)


def test_a_mail_address_is_an_answer_and_the_user_name(smtpcheck: CommandLine) -> None:
    lines = ["me@fastmail.com", "", "", "", "", "", "none", "", "", ""]
    answers, asker = answered(*lines)
    assert answers.raw["preset"] == "fastmail"
    assert answers.raw["auth.username"] == "me@fastmail.com"
    assert "User name [me@fastmail.com]: " in asker.questions
    assert "  taking the preset fastmail: Fastmail" in asker.told


def test_an_answer_that_fits_many_or_none_is_asked_again() -> None:
    asker = Scripted("zzz", "fastmial", "mail", "?", "other")
    assert choose_preset(asker, "") == ("other", "")
    told = "\n".join(asker.told)
    assert "nothing is known of zzz; type other" in told
    assert "nothing is known of fastmial; did you mean fastmail?" in told
    assert "more fit: type more of it, or a number" in told
    assert all(name in told for name in preset_names())


def test_readme_tells_the_number_of_presets() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    told = re.search(r"(\d+) presets for (\d+) providers", readme)
    assert told
    assert int(told[1]) == len(preset_names())
    assert int(told[2]) == len({preset.provider for preset in list_presets()})

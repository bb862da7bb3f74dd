"""The command line of `smtpcheck domain`: what is meant, and what is refused before a packet."""

from __future__ import annotations

import socket
import time

import pytest

from smtpcheck.api.domain_question import DomainWishes, domain_question
from smtpcheck.model.errors import UsageError
from tests.cli.command_line import CommandLine

PROFILE = """
preset = "{preset}"
[auth]
username = "n@example.com"
password = {{ keyring = true }}
[sender]
address = "n@example.com"
bounce = "{bounce}"
"""


def profile(smtpcheck: CommandLine, name: str, preset: str = "office365", bounce: str = "") -> None:
    text = PROFILE.format(preset=preset, bounce=bounce)
    smtpcheck.write(name, text if bounce else text.replace('bounce = ""\n', ""))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "no domain, and no profile is enabled"),
        (("nothing",), "there is no profile nothing, and a domain has a dot"),
        (("192.0.2.1",), "is an address, not a domain"),
        (("https://example.com/",), "is not a domain"),
        (("exa mple.com",), "is not a domain"),
        (("x" * 64 + ".com",), "is not a domain"),
        (("example.com", "--provider", "offce365"), "did you mean office365?"),
        (("example.com", "--profile", "none"), "none"),
        (("example.com", "--profile", "a", "--provider", "gmail"), "exclude each other"),
        (("example.com", "--source-ip", "mail.example.com"), "is not an IP address"),
        (("example.com", "--selector", "a b"), "is not a selector"),
        (("example.com", "--resolver", "dns.example"), "is not the address of a DNS server"),
        (("example.com", "--format", "xml"), "xml"),
        (("example.com", "--deadline", "0"), "0"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    arguments: tuple[str, ...], words: str, smtpcheck: CommandLine
) -> None:
    done = smtpcheck("domain", *arguments)
    assert done.code == 2
    assert words in done.err
    assert done.out == ""


def test_without_the_extra_one_error_names_the_command(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtpcheck.domain.checkdmarc_way.find_spec", lambda _: None)
    done = smtpcheck("domain", "example.com")
    assert done.code == 2
    assert "pip install 'smtpcheck[domain]'" in done.err


def test_a_name_of_a_profile_is_the_domain_of_its_from(smtpcheck: CommandLine) -> None:
    profile(smtpcheck, "notify")
    asked, loaded, _ = domain_question(DomainWishes(what="notify"))
    assert (asked.domain, asked.envelope) == ("example.com", "example.com")
    assert asked.spf_include == "include:spf.protection.outlook.com"
    assert asked.likely_selectors == ("selector1", "selector2")
    assert asked.server == "smtp.office365.com:587"
    assert loaded is not None
    assert domain_question(DomainWishes())[0] == asked, "the only profile is meant"
    fitting, _, notes = domain_question(DomainWishes(what="Someone@EXAMPLE.com."))
    assert fitting == asked
    assert "profile notify" in notes[0]


def test_bounces_of_another_domain_are_the_envelope(smtpcheck: CommandLine) -> None:
    profile(smtpcheck, "ses", "sendgrid", "b@bounce.example.net")
    asked, _, _ = domain_question(DomainWishes(what="ses"))
    assert (asked.envelope, asked.own_envelope) == ("bounce.example.net", False)


def test_a_provider_with_bounces_of_its_own_is_known(smtpcheck: CommandLine) -> None:
    profile(smtpcheck, "grid", "sendgrid")
    assert domain_question(DomainWishes(what="grid"))[0].own_envelope


def test_two_profiles_of_a_domain_are_told_of_and_none_is_chosen(smtpcheck: CommandLine) -> None:
    profile(smtpcheck, "one")
    profile(smtpcheck, "two")
    asked, loaded, notes = domain_question(DomainWishes(what="example.com"))
    assert (asked.provider, loaded) == ("", None)
    assert "one, two" in notes[0]
    with pytest.raises(UsageError, match="2 profiles are enabled"):
        domain_question(DomainWishes())


def test_the_keys_of_a_mailbox_provider_are_not_looked_for_in_its_own_domain(
    smtpcheck: CommandLine,
) -> None:
    asked, _, _ = domain_question(DomainWishes(what="gmail.com", preset="gmail"))
    assert asked.likely_selectors == ()


def test_names_of_other_scripts_are_asked_for_in_ascii(smtpcheck: CommandLine) -> None:
    asked, _, _ = domain_question(DomainWishes(what="Straße.example"))
    assert asked.domain == "xn--strae-oqa.example"


def test_a_resolver_that_never_answers_is_soon_given_up(smtpcheck: CommandLine) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{silent.getsockname()[1]}"
        begun = time.monotonic()
        done = smtpcheck("domain", "example.com", "--resolver", where, "--deadline", "20")
    assert done.code == 1
    assert "error[" not in done.out, "what is not known is no failure of the domain"
    assert "dns-resolver-failing" in done.out
    assert time.monotonic() - begun < 20

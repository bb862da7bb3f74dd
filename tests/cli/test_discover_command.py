"""`smtpcheck discover` as a user runs it, in a small internet on loopback."""

from __future__ import annotations

import json
import shlex
import tomllib
from pathlib import Path

import pytest

from smtpcheck.report.schema_commands import discover_schema
from tests.cli.command_line import CommandLine
from tests.cli.discover_world import CANARY, USER, MakeWorld, both, outside, talks, world
from tests.discover.pages import autoconfig, server
from tests.discover.world import DOMAIN, Asked, Web
from tests.schema_check import keeps_to

__all__ = ["world"]


def test_the_best_is_told_with_its_reason_and_the_command_that_keeps_it(world: MakeWorld) -> None:
    with world(both, labels=("smtp",)) as (here, find):
        code, out, err = find(USER)
        port = here.smtp.submissions_port
    assert (code, err) == (0, "")
    assert f"best: smtp.{DOMAIN}, port {port} with TLS from the first byte\n" in out
    assert "why: an SRV record of lab.test names it;" in out
    *rest, last = out.splitlines()
    assert last == "note: the address was told to lab.test, over verified HTTPS"
    assert rest[-1].startswith(
        f"  next: smtpcheck profile init --host smtp.{DOMAIN} --port {port} --security tls "
    )
    assert rest[-1].endswith(f" --username {USER} --from {USER}")
    assert all(len(line) <= 80 for line in rest[:-1])


def test_the_command_that_is_told_makes_the_profile(
    world: MakeWorld, smtpcheck: CommandLine
) -> None:
    with world(both, labels=("smtp",)) as (_here, find):
        _, out, _ = find(USER, "--format", "json")
    command = json.loads(out)["best"]["command"]
    done = smtpcheck(*shlex.split(command)[1:], "--no-probe")
    assert done.code == 0, done.err
    saved = tomllib.loads(smtpcheck.read(f"smtp.{DOMAIN}"))
    assert saved["auth"]["username"] == USER
    assert saved["sender"]["address"] == USER


def test_json_has_all_that_was_seen(world: MakeWorld) -> None:
    with world(both, labels=("smtp",)) as (here, find):
        code, out, _ = find(USER, "--format", "json")
        port = here.smtp.submissions_port
    data = json.loads(out)
    keeps_to(discover_schema, data)
    assert (code, data["schema"], data["exit_code"]) == (0, 1, 0)
    assert (data["address"], data["domain"], data["failure"]) == (USER, DOMAIN, "")
    assert data["best"]["port"] == port
    assert data["best"]["vouching"] == "domain"
    assert [each["proof"] for each in data["candidates"]] == ["proved", "proved"]
    assert {each["source"] for each in data["sources"]} == {
        *("preset", "mx", "srv", "autoconfig", "autodiscover")
    }


def test_nothing_found_is_exit_1_with_what_to_do(world: MakeWorld) -> None:
    with world() as (_here, find):
        code, out, _ = find(USER)
        again, data, _ = find(USER, "--format", "json")
    keeps_to(discover_schema, json.loads(data))
    assert (code, again) == (1, 1)
    assert f"not found: nobody names a submission server of {DOMAIN}\n" in out
    assert "--ispdb asks" in out
    assert "next:" not in out


def test_saved_without_a_login_where_no_preset_vouches(
    world: MakeWorld, smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_PW", CANARY)
    with world(both, labels=("smtp",)) as (here, find):
        said = talks(here, monkeypatch)
        code, out, err = find(USER, "--save", "mine", "--password-env", "SMTP_PW")
    assert code == 0, err
    saved = tomllib.loads(smtpcheck.read("mine"))
    assert saved["server"]["host"] == f"smtp.{DOMAIN}"
    assert saved["auth"] == {"username": USER, "password": {"env": "SMTP_PW"}}
    assert saved["sender"]["address"] == USER
    assert saved["tls"]["ca_file"] == str(here.ca_file)
    assert "note: not logged in: no preset vouches" in err
    assert "next:" not in out
    assert not any("AUTH" in line for line in said)


def test_a_server_that_the_user_names_is_logged_in_to_once(
    world: MakeWorld, smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world(both, labels=("smtp",)) as (here, find):
        monkeypatch.setenv("SMTP_PW", here.smtp.password)
        code, out, _ = find(
            USER, "--save", "mine", "--password-env", "SMTP_PW", "--accept", f"smtp.{DOMAIN}"
        )
    assert code == 1  # the sandbox knows another user: refused, and kept as a draft
    assert "auth" in out
    assert not (smtpcheck.folder / "profiles" / "mine.toml").exists()
    assert list((smtpcheck.folder / "drafts").glob("mine.toml"))


def test_a_server_outside_of_the_domain_is_saved_only_when_the_user_names_it(
    world: MakeWorld, smtpcheck: CommandLine
) -> None:
    with world(outside) as (_here, find):
        code, out, err = find(USER, "--save", "mine")
        assert code == 2
        assert "outside of the domain" in out
        assert "help: then take it: --accept smtp.hoster.test" in err
        code, _, err = find(USER, "--save", "mine", "--accept", "SMTP.hoster.test")
        assert code == 0, err
        code, _, err = find(USER, "--save", "other", "--accept", "smtp.evil.test")
        assert (code, "is none of the servers" in err) == (2, True)
    assert 'host = "smtp.hoster.test"' in smtpcheck.read("mine")


def test_json_of_a_profile_that_is_not_saved_tells_it(world: MakeWorld) -> None:
    with world(outside) as (_here, find):
        code, out, err = find(USER, "--save", "mine", "--format", "json")
        data = json.loads(out)
        assert (code, data["exit_code"]) == (2, 2)
        assert "nobody vouches" in err
        code, out, err = find(
            USER, "--save", "mine", "--format", "json", "--accept", "smtp.hoster.test"
        )
    assert (code, json.loads(out)["exit_code"]) == (0, 0)
    assert "saved the profile mine" in err


def test_the_preset_of_the_mx_hosts_makes_a_profile_with_that_preset(
    world: MakeWorld, smtpcheck: CommandLine
) -> None:
    mx = (f"{DOMAIN}. 60 IN MX 1 {DOMAIN.replace('.', '-')}.mail.protection.outlook.com.",)
    with world(lambda _smtp: mx) as (_here, find):
        code, out, _ = find(USER, "--no-probe", "--save", "work")
    assert code == 0
    assert "is of Microsoft 365" in " ".join(out.split())
    saved = tomllib.loads(smtpcheck.read("work"))
    assert (saved["preset"], saved["auth"]["username"]) == ("office365", USER)
    assert "server" not in saved


def test_no_secret_leaves_before_a_login_is_chosen(
    world: MakeWorld,
    smtpcheck: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("SMTPCHECK_PASSWORD", CANARY)
    (tmp_path / "pw").write_text(CANARY)

    def respond(_asked: Asked) -> tuple[int, dict[str, str], bytes]:
        return 401, {"WWW-Authenticate": "Basic"}, b""

    with world(both, respond, labels=("smtp", "autoconfig", "autodiscover")) as (here, find):
        said = talks(here, monkeypatch)
        code, out, err = find(USER, "--save", "mine", "--password-file", str(tmp_path / "pw"))
        web: Web = here.web
    assert code == 0
    everything = [out, err, *said, *(repr(each) for each in web.asked), smtpcheck.read("mine")]
    assert said
    assert web.asked
    assert not any(CANARY in each or "Authorization" in each for each in everything)
    assert not any("AUTH" in line for line in said)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "ADDRESS"),
        (("a b@lab.test",), "has a blank"),
        ((USER, "--set", "tls.verify=false"), "a discovery cannot be given tls.verify"),
        ((USER, "--save", "../x"), "is not a profile name"),
        ((DOMAIN, "--save", "x"), "--save needs the whole address"),
        ((USER, "--password-env", "X"), "a password is for a profile"),
        ((USER, "--accept", "x.test"), "--accept is for a profile"),
        ((USER, "--force"), "add --save NAME"),
        ((USER, "--resolver", "dns.example"), "not the address of a DNS server"),
        ((USER, "--format", "xml"), "xml"),
        ((USER, "-4", "-6"), "exclude each other"),
    ],
)
def test_what_cannot_be_done_is_a_usage_error(
    smtpcheck: CommandLine, words: tuple[str, ...], told: str
) -> None:
    done = smtpcheck("discover", *words)
    assert done.code == 2
    assert told in done.err
    assert done.out == ""


def test_a_taken_name_is_refused_before_anybody_is_asked(
    world: MakeWorld, smtpcheck: CommandLine
) -> None:
    smtpcheck.write("mine", 'schema = 1\nserver.host = "x.test"\n')
    with world(both, labels=("smtp",)) as (here, find):
        code, _, err = find(USER, "--save", "mine")
        assert (code, "there is a profile mine already" in err) == (2, True)
        assert not here.dns.asked
        assert find(USER, "--save", "mine", "--force")[0] == 0


def test_a_proxy_of_the_environment_is_refused_by_name(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTPCHECK_PROXY_HOST", "proxy.test")
    done = smtpcheck("discover", USER)
    assert (done.code, "SMTPCHECK_PROXY_HOST asks for a proxy" in done.err) == (2, True)


def test_quiet_leaves_the_verdict(world: MakeWorld) -> None:
    with world(both, labels=("smtp",)) as (_here, find):
        _, out, _ = find(USER, "--quiet")
    assert out.startswith("best: ")


def test_hostile_text_of_servers_does_not_reach_the_terminal(world: MakeWorld) -> None:
    def respond(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        bad = "<Error><Message>&#x1b;[31m\u202eevil</Message></Error>"
        document = f"<Autodiscover><Response>{bad}</Response></Autodiscover>".encode()
        good = autoconfig(server(user="\u202ex%EMAILADDRESS%"))
        return (200, {}, document if asked.method == "POST" else good)

    with world(respond=respond, labels=("autoconfig", "autodiscover")) as (_here, find):
        _, out, _ = find(USER, "--no-probe")
        _, data, _ = find(USER, "--no-probe", "--format", "json")
    assert "\x1b" not in out + data
    assert "\u202e" not in out + data

"""`smtpcheck discover` end to end: a zone of BIND behind Unbound, web servers, Postfix, Dovecot."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from smtpcheck.api import discovering
from smtpcheck.cli.app import run
from tests.discover.pages import autoconfig, server
from tests.discover.world import Asked, web
from tests.lab import bind
from tests.lab.postfix import USERS, MailLab, mail_lab
from tests.pki import NAMES, TestPki

pytestmark = pytest.mark.lab
DOMAIN = "good.test"
ALICE = f"alice@{DOMAIN}"
_RECORDS = """
smtp        IN A 127.0.0.1
autoconfig  IN A 127.0.0.1
_submissions._tcp IN SRV 0 1 {submissions} smtp
_submission._tcp  IN SRV 0 1 {submission} smtp
_submission._tcp  IN SRV 9 1 {wrong} smtp
"""


@dataclass(frozen=True)
class Lab:
    """All that runs."""

    mail: MailLab
    config: Path
    find: Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory(prefix="smtpcheck-lab-") as top:
        folders = {name: Path(top, name) for name in ("pki", "mail", "dns", "web", "config")}
        Path(top).chmod(0o755)
        for folder in folders.values():
            folder.mkdir()
        patch.setattr("tests.pki.NAMES", (*NAMES, DOMAIN, f"*.{DOMAIN}"))
        patch.setenv("SMTPCHECK_CONFIG_DIR", str(folders["config"]))
        patch.delenv("SMTPCHECK_PASSWORD", raising=False)
        pki = TestPki(folders["pki"])
        with mail_lab(folders["mail"], pki) as mail:
            ports = {
                "submissions": mail.ports["submissions"],
                "submission": mail.ports["submission"],
                "wrong": mail.ports["wrong-name"],
            }
            patch.setitem(bind.ZONES, DOMAIN, bind.ZONES[DOMAIN] + _RECORDS.format(**ports))

            def respond(asked: Asked) -> tuple[int, dict[str, str], bytes]:
                told = asked.path == "/mail/config-v1.1.xml?emailaddress=alice%40good.test"
                named = server("smtp.%EMAILDOMAIN%", ports["submission"], "STARTTLS")
                return (200, {}, autoconfig(named)) if told else (404, {}, b"")

            with (
                bind.dns_lab(folders["dns"]) as dns,
                web(pki.issue("good"), folders["web"], respond) as pages,
            ):
                search = partial(discovering.Search, https_port=pages.port)
                patch.setattr(discovering, "Search", search)
                resolver, ca_file = f"127.0.0.1:{dns.recursor}", f"tls.ca_file={pki.ca_file}"
                more = ("--resolver", resolver, "--set", ca_file, "--no-input")
                yield Lab(mail, folders["config"], partial(_run, more))


def _run(more: tuple[str, ...], *words: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(["discover", *words, *more])
    return int(code), out.getvalue(), err.getvalue()


def test_the_zone_names_postfix_and_postfix_holds(lab: Lab) -> None:
    code, out, err = lab.find(ALICE, "--format", "json")
    assert code == 0, err
    data = json.loads(out)
    best = data["best"]
    assert (best["host"], best["port"]) == (f"smtp.{DOMAIN}", lab.mail.ports["submissions"])
    assert best["username"] == ALICE
    by_port = {each["port"]: each for each in data["candidates"]}
    assert by_port[lab.mail.ports["submission"]]["sources"] == ["srv", "autoconfig"]
    assert "SCRAM-SHA-256" in by_port[lab.mail.ports["submission"]]["mechanisms"]
    assert by_port[lab.mail.ports["wrong-name"]]["cause"] == "cert-hostname-mismatch"
    told = {each["source"]: each["summary"] for each in data["sources"]}
    assert told["mx"] == f"mx.{DOMAIN}"


def test_nobody_has_logged_in_until_the_user_names_the_server(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALICE_PW", USERS[ALICE])
    before = lab.mail.log.read_text().count("sasl_username")
    code, _, err = lab.find(ALICE, "--save", "unproved", "--password-env", "ALICE_PW")
    assert code == 0, err
    assert "not logged in" in err
    assert lab.mail.log.read_text().count("sasl_username") == before
    words = ("--password-env", "ALICE_PW", "--accept", f"smtp.{DOMAIN}")
    code, out, err = lab.find(ALICE, "--save", "alice", *words)
    assert code == 0, out + err
    saved = tomllib.loads((lab.config / "profiles" / "alice.toml").read_text())
    assert saved["auth"] == {"username": ALICE, "password": {"env": "ALICE_PW"}}
    assert saved["server"]["port"] == lab.mail.ports["submissions"]


def test_a_wrong_password_keeps_a_draft_after_one_try(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALICE_PW", "not-alices")
    words = ("--password-env", "ALICE_PW", "--accept", f"smtp.{DOMAIN}")
    before = lab.mail.log.read_text().count("authentication failed")
    code, out, err = lab.find(ALICE, "--save", "refused", *words)
    assert code == 1
    assert "auth-bad-credentials" in out
    assert "kept as a draft" in err
    assert lab.mail.log.read_text().count("authentication failed") == before + 1


def test_a_domain_that_bind_denies_does_not_exist(lab: Lab) -> None:
    code, out, _ = lab.find(f"alice@nothing.{DOMAIN}")
    assert code == 1
    assert f"not found: the domain nothing.{DOMAIN} does not exist" in out


def test_the_null_mx_of_a_zone_is_told(lab: Lab) -> None:
    code, out, _ = lab.find(f"alice@nullmx.{DOMAIN}")
    assert code == 1
    assert "null MX: the domain takes no mail (RFC 7505)" in out

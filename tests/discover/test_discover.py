from __future__ import annotations

import pytest

from smtpcheck.api.discovering import read_subject
from smtpcheck.model.discovery import Found, Proof, Standing, Vouching
from smtpcheck.model.errors import UsageError
from smtpcheck.sandbox.certificates import CertificateKind
from smtpcheck.sandbox.scenario import Scenario, find_scenario
from smtpcheck.sandbox.server import Sandbox
from tests.discover.pages import autoconfig, autodiscover, protocol, server
from tests.discover.world import DOMAIN, Asked, Builder, Respond, srv

USER = f"user@{DOMAIN}"


def both(smtp: Sandbox) -> tuple[str, ...]:
    """SRV records of both ways to submit."""
    ports = smtp.submissions_port, smtp.submission_port
    return srv("_submissions", ports[0]), srv("_submission", ports[1])


def says(document: bytes, path: str) -> Respond:
    """A web server that has this document where the path begins so."""

    def respond(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        return (200, {}, document) if asked.path.startswith(path) else (404, {}, b"")

    return respond


def test_srv_records_name_servers_and_tls_from_the_first_byte_is_the_best(build: Builder) -> None:
    with build.world(both, labels=("smtp",)) as world:
        found = world.find()
        assert found.best is not None
        assert (found.best.host, found.best.port) == (f"smtp.{DOMAIN}", world.smtp.submissions_port)
    assert (found.best.security, found.best.vouching) == ("tls", Vouching.DOMAIN)
    assert [each.proof for each in found.candidates] == [Proof.PROVED, Proof.PROVED]
    assert found.best.mechanisms
    assert found.reason.startswith(f"an SRV record of {DOMAIN} names it")
    assert [s.outcome for s in found.sources if s.name == "srv"] == [Found.FOUND, Found.FOUND]
    assert not any(each.name == "names" for each in found.sources)


def test_a_server_that_does_not_hold_yields_to_the_next(build: Builder) -> None:
    def records(smtp: Sandbox) -> tuple[str, ...]:
        return srv("_submissions", 9), srv("_submission", smtp.submission_port)

    with build.world(records, labels=("smtp",)) as world:
        found = world.find()
    assert found.best is not None
    assert found.best.security == "starttls"
    first = found.candidates[0]
    assert (first.proof, first.cause) == (Proof.FAILED, "tcp-refused")


def test_a_certificate_of_another_name_holds_nowhere(build: Builder) -> None:
    wrong = Sandbox(scenario=Scenario(certificate=CertificateKind.WRONG_NAME))
    with (
        wrong,
        build.world(
            lambda _smtp: (srv("_submissions", wrong.submissions_port),), labels=("smtp",)
        ) as world,
    ):
        found = world.find()
    assert found.best is None
    assert found.candidates[0].cause == "cert-hostname-mismatch"


def test_a_target_outside_of_the_domain_ranks_behind_and_needs_the_users_word(
    build: Builder,
) -> None:
    def records(smtp: Sandbox) -> tuple[str, ...]:
        outside = srv("_submissions", smtp.submissions_port, "smtp.hoster.test.")
        return outside, "smtp.hoster.test. 60 IN A 127.0.0.1"

    with build.world(records) as world:
        found = world.find()
    assert found.best is not None
    assert (found.best.standing, found.best.vouching) == (Standing.SRV_OUTSIDE, Vouching.NOTHING)
    assert found.best.needs_word
    assert any("smtp.hoster.test lies outside of lab.test" in note for note in found.notes)


def test_what_the_domain_says_over_https_counts_although_the_server_is_elsewhere(
    build: Builder,
) -> None:
    port: list[int] = []

    def records(smtp: Sandbox) -> tuple[str, ...]:
        port.append(smtp.submission_port)
        return ("smtp.hoster.test. 60 IN A 127.0.0.1",)

    def respond(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        one = server("smtp.hoster.test", port[0], "STARTTLS", "%EMAILLOCALPART%")
        return (200, {}, autoconfig(one)) if asked.path.startswith("/mail/") else (404, {}, b"")

    with build.world(records, respond, labels=("autoconfig",)) as world:
        found = world.find()
        assert found.best is not None
        assert (found.best.vouching, found.best.needs_word) == (Vouching.HTTPS, False)
        assert found.best.username == "user"
        asked = [each for each in world.web.asked if each.path.startswith("/mail/")]
        assert [each.path for each in asked] == [
            "/mail/config-v1.1.xml?emailaddress=user%40lab.test"
        ]
        assert [each.host for each in asked] == [f"autoconfig.{DOMAIN}"]


def test_a_login_without_a_password_is_told(build: Builder) -> None:
    document = autoconfig(server("smtp.hoster.test", login="OAuth2"))
    with build.world(respond=says(document, "/.well-known/")) as world:
        found = world.find(prove=False)
    assert found.best is not None
    assert found.best.methods == ("OAuth2",)
    assert found.help == ("the login that its settings name: OAuth2",)


def test_autodiscover_is_asked_with_the_address_and_no_login(build: Builder) -> None:
    port: list[int] = []

    def respond(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        more = "<Encryption>SSL</Encryption><LoginName>user</LoginName>"
        document = autodiscover(protocol(f"smtp.{DOMAIN}", port[0], more))
        return (200, {}, document) if asked.method == "POST" else (404, {}, b"")

    def records(smtp: Sandbox) -> tuple[str, ...]:
        port.append(smtp.submissions_port)
        return ()

    with build.world(records, respond, labels=("autodiscover", "smtp")) as world:
        found = world.find("a&b@lab.test")
        posts = [each for each in world.web.asked if each.method == "POST"]
    assert found.best is not None
    assert (found.best.standing, found.best.username) == (Standing.AUTODISCOVER, "user")
    assert {each.path for each in posts} == {"/autodiscover/autodiscover.xml"}
    assert all(b"<EMailAddress>a&amp;b@lab.test<" in each.body for each in posts)
    assert not any("Authorization" in each.headers for each in posts)


def test_autodiscover_that_wants_a_login_gets_none(build: Builder) -> None:
    with build.world(respond=lambda _a: (401, {"WWW-Authenticate": "Basic"}, b"")) as world:
        found = world.find(prove=False)
    told = [each for each in found.sources if each.name == "autodiscover"]
    assert told[0].summary == "lab.test: it wants a login first, and gets none"


def test_an_srv_record_of_autodiscover_outside_of_the_domain_is_not_told_the_address(
    build: Builder,
) -> None:
    outside = f"_autodiscover._tcp.{DOMAIN}. 60 IN SRV 0 0 443 smtp.hoster.test."
    hoster = "smtp.hoster.test. 60 IN A 127.0.0.1"
    with build.world(lambda _s: (outside, hoster)) as world:
        found = world.find(prove=False)
        assert "smtp.hoster.test" not in {each.host for each in world.web.asked}
    told = [each for each in found.sources if each.outcome is Found.SKIPPED]
    assert "smtp.hoster.test, outside of the domain: not told the address" in told[-1].summary


def test_who_was_told_the_address_is_said(build: Builder) -> None:
    with build.world() as world:
        notes = world.find(prove=False).notes
        assert f"the address was told to {DOMAIN}, over verified HTTPS" in notes
    build.kind = CertificateKind.EXPIRED
    with build.world() as world:
        found = world.find(prove=False)
        assert not world.web.asked
    assert not any("was told" in note for note in found.notes)


def test_a_bare_domain_tells_nobody_a_mailbox(build: Builder) -> None:
    with build.world(both, labels=("smtp", "autoconfig", "autodiscover")) as world:
        found = world.find(DOMAIN)
        assert found.best is not None
        assert {each.method for each in world.web.asked} == {"GET"}
        assert not any("emailaddress" in each.path for each in world.web.asked)
    assert not any(each.told_address for each in found.sources)


def test_usual_names_are_tried_only_where_nobody_named_a_server_that_holds(
    build: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways: list[tuple[int, str]] = []
    monkeypatch.setattr("smtpcheck.discover.dns_sources.WAYS", ways)

    def records(smtp: Sandbox) -> tuple[str, ...]:
        ways[:] = [(smtp.submissions_port, "tls"), (smtp.submission_port, "starttls")]
        return (srv("_submission", 9), f"{DOMAIN}. 60 IN MX 10 mx.{DOMAIN}.")

    with build.world(records, labels=("mail", "smtp", "mx")) as world:
        found = world.find()
    assert found.best is not None
    assert (found.best.host, found.best.standing) == (f"smtp.{DOMAIN}", Standing.NAME)
    assert found.candidates[0].standing is Standing.SRV
    assert found.candidates[-1].standing is Standing.MX
    assert len(found.candidates) <= 8
    assert "submission" not in next(s.summary for s in found.sources if s.name == "names")


def test_a_domain_that_says_that_it_has_no_submission_gets_no_guesses(build: Builder) -> None:
    none = srv("_submissions", 0, "."), srv("_submission", 0, ".")
    with build.world(lambda _s: none, labels=("smtp", "mail")) as world:
        found = world.find()
    assert found.failure == f"{DOMAIN} says by SRV that it has no submission server"
    assert found.candidates == ()


def test_a_domain_that_does_not_exist_is_said_to(build: Builder) -> None:
    with build.world(exists=False) as world:
        found = world.find()
        assert not world.web.asked
    assert found.failure == f"the domain {DOMAIN} does not exist"


def test_a_slip_of_the_finger_is_met_with_what_was_meant(build: Builder) -> None:
    with build.world() as world:
        found = world.find("jane@gmial.com")
    assert found.failure == "the domain gmial.com does not exist"
    assert "smtpcheck discover jane@gmail.com" in found.help[0]


def test_a_null_mx_is_told_and_the_search_goes_on(build: Builder) -> None:
    def records(smtp: Sandbox) -> tuple[str, ...]:
        return (*both(smtp), f"{DOMAIN}. 60 IN MX 0 .")

    with build.world(records, labels=("smtp",)) as world:
        found = world.find()
    assert found.best is not None
    assert "null MX" in next(s.summary for s in found.sources if s.name == "mx")
    assert any("takes no mail" in note for note in found.notes)


def test_the_mx_hosts_lead_to_a_preset_which_spares_the_web_servers(build: Builder) -> None:
    mx = f"{DOMAIN}. 60 IN MX 20 other.test.", f"{DOMAIN}. 60 IN MX 1 aspmx.l.google.com."
    with build.world(lambda _s: mx, labels=("autoconfig",)) as world:
        found = world.find(prove=False)
        assert not world.web.asked
        everybody = world.find(prove=False, every=True)
        assert world.web.asked
    assert found.best is not None
    assert (found.best.host, found.best.preset) == ("smtp.gmail.com", "gmail")
    assert found.best.vouching is Vouching.PRESET
    assert "the MX host aspmx.l.google.com is of Gmail" in found.reason
    assert found.sources[1].summary == "aspmx.l.google.com, other.test"
    assert any("password of the web login does not work there" in line for line in found.help)
    assert any("smtpcheck login" in line for line in found.help)
    assert everybody.best == found.best


@pytest.mark.parametrize(
    ("address", "server", "username"),
    [
        ("me@free.fr", "smtp.free.fr", "me"),
        ("me@gmail.com", "smtp.gmail.com", "me@gmail.com"),
        ("gmail.com", "smtp.gmail.com", ""),
    ],
)
def test_the_preset_of_the_address_says_who_logs_in(
    build: Builder, address: str, server: str, username: str
) -> None:
    with build.world() as world:
        found = world.find(address, prove=False)
    assert found.best is not None
    assert (found.best.host, found.best.username) == (server, username)


def test_a_target_at_a_provider_with_a_preset_needs_no_word(build: Builder) -> None:
    record = srv("_submissions", 465, "smtp.gmail.com.")
    with build.world(lambda _s: (record,)) as world:
        found = world.find(prove=False)
    assert found.best is not None
    assert (found.best.standing, found.best.vouching) == (Standing.SRV, Vouching.PRESET)
    assert found.best.preset == "gmail"


def test_a_server_that_offers_no_login_is_not_the_best(build: Builder) -> None:
    without = Sandbox(scenario=find_scenario("auth-not-offered"))

    def records(smtp: Sandbox) -> tuple[str, ...]:
        ports = without.submissions_port, smtp.submission_port
        return srv("_submissions", ports[0]), srv("_submission", ports[1])

    with without, build.world(records, labels=("smtp",)) as world:
        found = world.find()
    assert [each.proof for each in found.candidates] == [Proof.NO_LOGIN, Proof.PROVED]
    assert found.best == found.candidates[1]


def test_where_only_servers_without_a_login_answer_that_is_said(build: Builder) -> None:
    without = Sandbox(scenario=find_scenario("auth-not-offered"))
    with (
        without,
        build.world(
            lambda _smtp: (srv("_submissions", without.submissions_port),), labels=("smtp",)
        ) as world,
    ):
        found = world.find()
    assert found.best is None
    assert found.failure == f"smtp.{DOMAIN} answers inside verified TLS, but offers no login"
    assert any("--until rcpt" in line for line in found.help)


def test_an_international_domain_is_asked_for_in_its_ascii_form() -> None:
    subject = read_subject("jörg@Bücher.example")
    assert (subject.domain, subject.local) == ("xn--bcher-kva.example", "jörg")
    assert subject.owns("smtp.XN--bcher-kva.example.")
    assert not subject.owns("notxn--bcher-kva.example")


def test_a_quoted_local_part_is_an_address_too() -> None:
    assert read_subject('"a@b c"@lab.test').local == '"a@b c"'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is blank"),
        ("a@", "nothing behind the @"),
        ("@lab.test", "nothing before the @"),
        ("a b@lab.test", "has a blank"),
        ("a@localhost", "a name of one label"),
        ("localhost", "a name of one label"),
        ("a@[192.0.2.1]", "an IP address"),
        ("https://lab.test", "holds a URL"),
        ("a@lab..test", "empty label"),
        ("a\udcff@lab.test", "not text in UTF-8"),
    ],
)
def test_what_is_neither_address_nor_domain_is_a_usage_error(text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_subject(text)
    assert words in caught.value.message
    assert caught.value.help


def test_a_setting_that_would_weaken_the_proof_is_refused(build: Builder) -> None:
    with build.world() as world:
        for key in ("tls.verify", "server.host", "proxy.host"):
            with pytest.raises(UsageError, match="cannot be given"):
                world.find(overrides={key: "false"})
        assert not world.dns.asked


def test_a_ca_file_that_cannot_be_read_is_a_usage_error(build: Builder) -> None:
    with build.world() as world, pytest.raises(UsageError, match="does not exist"):
        world.find(overrides={"tls.ca_file": "/nowhere/ca.pem"})


def test_without_a_probe_nothing_is_connected_to(build: Builder) -> None:
    with build.world(both, labels=("smtp",)) as world:
        found = world.find(prove=False)
        assert found.best is not None
    assert {each.proof for each in found.candidates} == {Proof.NOT_TRIED}
    assert found.reason.endswith("not tried")


def test_the_database_of_others_is_asked_only_when_wanted_and_told_the_domain_alone(
    build: Builder,
) -> None:
    record = "autoconfig.thunderbird.net. 60 IN A 127.0.0.1"
    with build.world(lambda _s: (record,)) as world:
        world.find(prove=False)
        assert ("autoconfig.thunderbird.net", "A") not in {q[:2] for q in world.dns.asked}
        world.find(prove=False, ispdb=True)
        assert ("autoconfig.thunderbird.net", "A") in {q[:2] for q in world.dns.asked}


def test_dns_that_cannot_be_asked_is_the_reason(build: Builder) -> None:
    with build.world() as world:
        found = world.find(resolver="127.0.0.1:9", deadline=4.0)
    assert found.failure.startswith(f"DNS could not be asked for {DOMAIN}")
    assert found.help == (f"see why: smtpcheck probe {DOMAIN} --until dns",)

"""Which experiments a failure calls for: a function of the facts alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from smtpcheck.diagnosis.experiment import (
    Known,
    OwnSender,
    SpeakTls,
    TryWay,
)
from smtpcheck.diagnosis.experiments import MOST_CONNECTIONS, choose
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult, Observations, Step
from smtpcheck.model.stage import Outcome
from tests.diagnosis.choosing import CONNECTED, GREETED, NO_LOGIN, PORTS, one, rounds, seen, silence
from tests.diagnosis.observed import failed, reply, step


def test_nothing_is_tried_after_a_run_that_passed() -> None:
    assert choose(seen(CONNECTED, GREETED), ()) == ()


def test_a_silent_port_gets_a_client_hello_on_the_same_connection_first() -> None:
    told = rounds(seen(CONNECTED, failed("tcp.greeting", **silence("timeout"))))
    assert told == [["tls-on-silence"], PORTS]
    made = one(seen(CONNECTED, failed("tcp.greeting", **silence("timeout"))), "tls-on-silence")
    assert made == SpeakTls(name="tls-on-silence", changes=(("server.security", "tls"),))


@pytest.mark.parametrize("security", ["none", "starttls"])
@pytest.mark.parametrize("kind", ["timeout", "closed", "reset"])
def test_tls_is_never_begun_on_port_25(security: str, kind: str) -> None:
    observed = seen(CONNECTED, failed("tcp.greeting", **silence(kind)), port=25, security=security)
    for name in [each for names in rounds(observed) for each in names]:
        made = one(observed, name)
        assert not isinstance(made, SpeakTls)
        assert not (isinstance(made, TryWay) and made.port == 25 and made.security == "tls")


def test_half_a_greeting_is_no_silence() -> None:
    half = {"silence": {"kind": "timeout", "command": "CONNECT", "partial": "220-mail"}}
    assert "tls-on-silence" not in rounds(seen(CONNECTED, failed("tcp.greeting", **half)))[0]


def test_a_port_that_hangs_up_is_tried_with_tls_on_a_new_connection() -> None:
    told = rounds(seen(CONNECTED, failed("tcp.greeting", **silence("closed")), port=465))
    assert told[0] == ["mode-tls"]
    assert told[1] == ["port-25", "port-587", "port-2525"]


def test_a_greeting_in_place_of_tls_calls_for_starttls() -> None:
    observed = seen(
        CONNECTED,
        failed("tls.handshake", error={"kind": "plain-text"}, plain_text="220 mail ESMTP"),
        security="tls",
    )
    made = one(observed, "mode-starttls")
    assert isinstance(made, TryWay)
    assert (made.port, made.security, made.goal) == (587, "starttls", "ehlo")
    assert made.changes == (("server.security", "starttls"),)


def test_another_protocol_in_place_of_tls_does_not_call_for_starttls() -> None:
    observed = seen(
        CONNECTED,
        failed("tls.handshake", error={"kind": "plain-text"}, plain_text="* OK IMAP4rev1"),
        security="tls",
    )
    assert rounds(observed) == [PORTS]


def test_plain_text_is_the_last_resort_and_only_without_a_login_in_a_private_network() -> None:
    starttls = failed("tls.starttls", offered=False, masked=[])
    lan = step("tcp.connect", address="192.168.1.25", family="ipv4")
    web = step("tcp.connect", address="8.8.8.8", family="ipv4")
    assert rounds(seen(lan, GREETED, starttls, more=NO_LOGIN)) == [PORTS, ["mode-none"]]
    assert rounds(seen(web, GREETED, starttls, more=NO_LOGIN)) == [PORTS]
    assert rounds(seen(lan, GREETED, starttls)) == [PORTS]


def test_stripped_starttls_is_no_reason_to_go_without_tls() -> None:
    masked = failed("tls.starttls", offered=False, masked=["XXXXXXXA"])
    starred = step("tcp.greeting", reply=reply(220, "", "*********", "CONNECT"))
    plain = failed("tls.starttls", offered=False, masked=[])
    assert ["mode-none"] not in rounds(seen(CONNECTED, GREETED, masked, more=NO_LOGIN))
    assert ["mode-none"] not in rounds(seen(CONNECTED, starred, plain, more=NO_LOGIN))


@pytest.mark.parametrize(
    "last",
    [
        failed("tls.starttls", offered=True, injected="250 evil", error={"kind": "plain-text"}),
        failed("tcp.greeting", reply=reply(421, "4.3.2", "busy", "CONNECT")),
        failed("tcp.greeting", reply=reply(450, "", "not now", "CONNECT")),
        failed("tcp.greeting", **silence("deadline")),
        failed("tls.handshake", error={"kind": "plain-text"}, plain_text="421 too many"),
        failed("tls.handshake", error={"kind": "local"}),
        failed("tcp.connect", error={"kind": "source-address"}),
        failed("tcp.connect", error={"kind": "denied"}),
        failed("dns.name", error={"kind": "malformed"}),
        failed("auth.login", reply=reply(535, "5.7.8", "no")),
        failed("send.rcpt", reply=reply(550, "5.1.1", "no such user", "RCPT")),
        failed("send.message", reply=reply(554, "5.7.1", "spam", "MESSAGE")),
    ],
    ids=lambda each: f"{each.step}-{each.facts}"[:40],
)
def test_nothing_is_tried_where_nothing_is_to_be_learnt_or_the_server_wants_peace(
    last: Step,
) -> None:
    assert rounds(seen(CONNECTED, last, security="starttls")) == []


BEHIND_A_PROXY: dict[str, Json] = {
    "proxy.host": "p.example",
    "proxy.type": "socks5",
    "proxy.port": 1080,
}


@pytest.mark.parametrize(
    "settings",
    [
        {"server.socket": "/run/x"},
        {**BEHIND_A_PROXY, "proxy.password": "environment variable P"},
    ],
)
def test_nothing_is_tried_over_a_socket_or_where_a_proxy_wants_a_login(
    settings: dict[str, Json],
) -> None:
    observed = seen(CONNECTED, failed("tcp.greeting", **silence("timeout")), more=settings)
    assert rounds(observed) == []


@pytest.mark.parametrize(
    ("kind", "tried"),
    [
        ("forbidden", True),
        ("target-unreachable", True),
        ("refused", False),
        ("auth-required", False),
        ("timeout", False),
    ],
)
def test_through_a_proxy_other_ports_are_tried_where_it_is_the_port_that_fails(
    kind: str, tried: bool
) -> None:
    last = failed("tcp.proxy", error={"kind": kind})
    named = [name for each in rounds(seen(last, more=BEHIND_A_PROXY)) for name in each]
    assert [name.partition("-")[0] for name in named] == (["port"] * 3 if tried else [])


def test_through_a_proxy_no_family_and_no_other_name_is_tried() -> None:
    last = failed("tcp.greeting", **silence("reset"))
    direct = [name for each in rounds(seen(CONNECTED, last)) for name in each]
    behind = [name for each in rounds(seen(last, more=BEHIND_A_PROXY)) for name in each]
    assert {"port-465", "mode-tls"} <= set(behind) <= set(direct)
    assert not [name for name in behind if name.startswith(("family", "certificate"))]


def test_a_421_heard_in_an_experiment_ends_all() -> None:
    observed = seen(failed("tcp.connect", error={"kind": "refused"}))
    heard = ExperimentResult(
        "family-ipv6", Outcome.FAILED, "", 1.0, {"reply": {"code": 421}, "connections": 1}
    )
    assert choose(Observations(observed.settings, observed.stages, (heard,)), ()) == ()


def test_nothing_more_is_tried_once_a_change_is_proven() -> None:
    observed = seen(CONNECTED, failed("tcp.greeting", **silence("closed")))
    done = ExperimentResult(
        "mode-tls", Outcome.PASSED, "", 1.0, {"changes": [{"key": "server.security"}]}
    )
    assert choose(Observations(observed.settings, observed.stages, (done,)), ()) == ()


@pytest.mark.parametrize("kind", ["refused", "timeout", "reset"])
def test_a_port_that_cannot_be_reached_leads_to_the_others_in_order(kind: str) -> None:
    observed = seen(failed("tcp.connect", error={"kind": kind}))
    assert rounds(observed) == [PORTS]
    made = one(observed, "port-465")
    assert isinstance(made, TryWay)
    assert made.changes == (("server.port", 465), ("server.security", "tls"))
    assert made.goal == "auth.choose"
    kept = one(observed, "port-2525")
    assert isinstance(kept, TryWay)
    assert kept.changes == (("server.port", 2525),)


def test_a_network_without_a_way_out_has_no_other_port() -> None:
    assert rounds(seen(failed("tcp.connect", error={"kind": "unreachable"}))) == []


def test_a_relay_without_tls_stays_without_on_other_ports_but_465() -> None:
    observed = seen(
        failed("tcp.connect", error={"kind": "refused"}), port=26, security="none", more=NO_LOGIN
    )
    ways = [one(observed, name) for name in rounds(observed)[0]]
    modes = {each.port: each.security for each in ways if isinstance(each, TryWay)}
    assert modes == {25: "none", 465: "tls", 587: "none", 2525: "none"}


def test_a_change_of_port_is_alone_where_the_mode_follows_from_it() -> None:
    def becomes(changes: Mapping[str, Json]) -> tuple[int, str] | None:
        port = changes.get("server.port", 587)
        assert isinstance(port, int)
        usual = {465: "tls"}.get(port, "starttls")
        return port, str(changes.get("server.security", usual))

    observed = seen(failed("tcp.connect", error={"kind": "refused"}))
    chosen = choose(observed, (), Known(becomes=becomes))
    ways = {each.name: each.changes for each in chosen if isinstance(each, TryWay)}
    assert ways["port-465"] == (("server.port", 465),)


def test_a_login_without_tls_calls_for_the_other_modes_and_no_credential() -> None:
    refused = failed("auth.choose", error={"kind": "insecure"}, trust="none")
    observed = seen(CONNECTED, GREETED, refused, security="none")
    told = rounds(observed, "auth-plaintext-over-insecure")
    assert told == [["mode-starttls"], PORTS]
    made = one(observed, "mode-starttls", "auth-plaintext-over-insecure")
    assert isinstance(made, TryWay)
    assert made.goal == "auth.choose"


def test_a_login_over_unverified_tls_calls_for_verification() -> None:
    refused = failed("auth.choose", error={"kind": "insecure"}, trust="observed")
    observed = seen(CONNECTED, refused, more={"tls.verify": False})
    assert rounds(observed, "auth-plaintext-over-insecure") == [["tls-verified"]]
    made = one(observed, "tls-verified")
    assert isinstance(made, TryWay)
    assert made.changes == (("tls.verify", True),)


def test_a_mechanism_that_is_not_offered_is_compared_with_a_free_choice() -> None:
    refused = failed("auth.choose", error={"kind": "no-common-mechanism"}, trust="verified")
    made = one(seen(CONNECTED, refused, more={"auth.method": "cram-md5"}), "auth-auto")
    assert isinstance(made, TryWay)
    assert made.changes == (("auth.method", "auto"),)
    token = seen(CONNECTED, refused, more={"auth.method": "xoauth2"})
    assert rounds(token) == [PORTS]


def test_auth_that_is_missing_in_clear_is_looked_for_within_tls() -> None:
    missing = failed("auth.choose", error={"kind": "not-offered"}, trust="none")
    observed = seen(
        CONNECTED, GREETED, missing, security="none", more={"auth.allow_insecure": True}
    )
    assert rounds(observed, "auth-not-offered")[0] == ["mode-starttls"]


def refused_sender(code: int = 550, more: Mapping[str, Json] | None = None) -> Observations:
    given: dict[str, Json] = {"sender.address": "info@example.test", "sender.bounce": ""}
    said = failed("send.mail", reply=reply(code, "5.7.1", "no", "MAIL"), sender="info@example.test")
    return seen(CONNECTED, said, more={**given, **(more or {})})


def test_a_refused_sender_is_compared_with_the_address_of_the_login() -> None:
    assert one(refused_sender(), "own-sender") == OwnSender(
        name="own-sender",
        address="alice@example.test",
        recipients=(),
        changes=(("sender.address", "alice@example.test"),),
    )


def test_the_key_that_names_the_envelope_sender_is_the_one_to_change() -> None:
    made = one(refused_sender(more={"sender.bounce": "info@example.test"}), "own-sender")
    assert isinstance(made, OwnSender)
    assert made.changes == (("sender.bounce", "alice@example.test"),)
    flagged = one(refused_sender(more={"sender.address": "other@example.test"}), "own-sender")
    assert isinstance(flagged, OwnSender)
    assert flagged.changes == ()


@pytest.mark.parametrize(
    "observed",
    [
        refused_sender(451),
        refused_sender(530),
        refused_sender(552),
        refused_sender(more={"auth.username": "info@example.test"}),
        refused_sender(more={"auth.username": "apikey"}),
        refused_sender(more=NO_LOGIN),
    ],
    ids=["for now", "no login", "size", "is the login", "no address", "nobody"],
)
def test_the_own_address_is_not_tried_where_it_can_tell_nothing(observed: Observations) -> None:
    assert rounds(observed) == []


def test_a_sender_that_is_refused_with_the_recipients_is_tried_with_them() -> None:
    said = failed(
        "send.rcpt", reply=reply(553, "5.7.1", "not owned", "RCPT"), refused=["ops@example.test"]
    )
    mail = step("send.mail", sender="info@example.test")
    observed = seen(CONNECTED, mail, said, more={"sender.address": "info@example.test"})
    assert rounds(observed) == []
    made = one(observed, "own-sender", "sender-not-authorized")
    assert isinstance(made, OwnSender)
    assert made.recipients == ("ops@example.test",)


def test_a_server_that_wants_tls_first_is_asked_for_mail_within_tls() -> None:
    said = failed("send.mail", reply=reply(530, "5.7.0", "Must issue a STARTTLS", "MAIL"))
    observed = seen(CONNECTED, GREETED, said, security="none", more=NO_LOGIN)
    made = one(observed, "mode-starttls", "starttls-required")
    assert isinstance(made, TryWay)
    assert made.goal == "send.mail"
    with_login = seen(CONNECTED, GREETED, said, security="none")
    assert rounds(with_login, "starttls-required") == []


def test_the_connections_of_all_rounds_together_are_few() -> None:
    names = step("dns.system", addresses=["192.0.2.1", "2001:db8::1"])
    shaken = failed("tls.handshake", error={"kind": "closed"}, server_name="mail.example.test")
    observed = seen(names, CONNECTED, GREETED, shaken, port=2587)
    made = [each for names in rounds(observed) for each in names]
    assert MOST_CONNECTIONS == 8
    assert len(made) == MOST_CONNECTIONS, made


def test_a_round_that_no_connection_is_left_for_is_not_made() -> None:
    observed = seen(failed("tcp.connect", error={"kind": "refused"}))
    used = ExperimentResult("family-ipv6", Outcome.FAILED, "", 1.0, {"connections": 6})
    now = Observations(observed.settings, observed.stages, (used,))
    assert [each.name for each in choose(now, ())] == ["port-25", "port-465"]

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpcheck.model.profile import AUTH_METHODS, SECURITY, TLS_VERSIONS, Profile
from smtpcheck.model.secret import Secret, SecretRef, SecretSource
from smtpcheck.model.settings import Kind
from smtpcheck.store.build import build_profile, tables_of
from smtpcheck.store.keys import KEYS, Key
from smtpcheck.store.profile_reader import profile_from_settings
from smtpcheck.store.toml_text import document

WORDS = st.from_regex(r"[A-Za-z0-9ÄÖÜ_ #'\"\\=\[\]-]{1,12}", fullmatch=True)
ADDRESSES = st.sampled_from(["a@example.com", '"a b"@[192.0.2.1]', "jörg@bücher.example"])
REFERENCES = st.one_of(
    st.just(SecretRef(SecretSource.KEYRING)),
    st.just(SecretRef(SecretSource.PROMPT)),
    st.builds(SecretRef, st.just(SecretSource.ENV), st.just("SMTP_PASSWORD")),
    st.builds(SecretRef, st.just(SecretSource.FILE), st.just("/run/secret s/x")),
    st.builds(
        SecretRef,
        st.just(SecretSource.COMMAND),
        argv=st.lists(WORDS.filter(str.strip), min_size=1, max_size=3).map(tuple),
    ),
)
BY_KIND: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: WORDS,
    Kind.HOST: st.sampled_from(["h.example", "192.0.2.1", "2001:db8::1", "xn--bcher-kva.example"]),
    Kind.ADDRESS: ADDRESSES,
    Kind.RECIPIENT: ADDRESSES | st.just("self"),
    Kind.IP: st.sampled_from(["192.0.2.7", "2001:db8::7"]),
    Kind.DOMAIN: st.sampled_from(["app.example", "[192.0.2.7]", "[IPv6:2001:db8::7]"]),
    Kind.PATH: st.sampled_from(["/etc/ssl/ca.pem", "/with blank/ü.pem"]),
    Kind.FINGERPRINT: st.just("ab" * 32),
    Kind.FLAG: st.booleans(),
    Kind.SECRET: REFERENCES,
    Kind.CHARSET: st.sampled_from(["utf-8", "iso-8859-15"]),
}


def values_of(key: Key) -> st.SearchStrategy[Any]:
    rule = key.rule
    if rule.choices:
        chosen = st.sampled_from(rule.choices)
        return st.lists(chosen, max_size=3).map(tuple) if rule.many else chosen
    if rule.kind is Kind.INTEGER:
        return st.integers(int(rule.low or 0), int(rule.high or 0))
    if rule.kind is Kind.NUMBER:
        return st.floats(rule.low, rule.high)
    if key.name == "preset":
        return st.just("")
    one = BY_KIND[rule.kind]
    if rule.many:
        return st.lists(one.filter(str.strip), max_size=3).map(tuple)
    return one


FREE = {
    "server.socket", "server.address_family", "server.source_address", "auth.oauth.issuer",
    "auth.oauth.tenant", "tls.max_version", "expect.min_tls",
}  # fmt: skip


def draw_proxy(draw: st.DrawFn, values: dict[str, Any]) -> None:
    """What goes with the kind of proxy that was drawn."""
    kind = values["proxy.type"]
    values["proxy.username"] = draw(WORDS)
    values["proxy.password"] = SecretRef(SecretSource.ENV, name="P")
    if kind != "http":
        del values["proxy.domain"]
    if kind.startswith("socks4"):
        del values["proxy.password"]
        values["server.host"] = "mail.example.com"


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """Profiles without contradictions: what belongs together is drawn together."""
    values = {
        name: draw(values_of(key))
        for name, key in KEYS.items()
        if name not in FREE and draw(st.booleans())
    }
    values["server.host"] = draw(BY_KIND[Kind.HOST])
    values["sender.address"] = draw(ADDRESSES)
    values["auth.username"] = draw(WORDS)
    for section in ("proxy", "dkim", "confirm"):
        given_keys = [name for name in values if name.startswith(f"{section}.")]
        if given_keys:
            for key in KEYS.values():
                if key.section == section and key.rule.kind is not Kind.SECRET:
                    values[key.name] = draw(values_of(key))
    if "proxy.type" in values:
        draw_proxy(draw, values)
    if values.get("server.protocol") == "lmtp":
        values["server.port"] = 24
    if any(name.startswith("auth.oauth.") for name in values):
        values["auth.oauth.issuer"] = "microsoft"
        if "auth.oauth.key_file" in values:
            values["auth.oauth.flow"] = "service-account"
    for name in ("tls.client_cert", "tls.client_key"):
        values[name] = draw(BY_KIND[Kind.PATH])
    if values.get("auth.method") == "none":
        del values["auth.username"]
        values.pop("auth.password", None)
    return build_profile(values)


@given(profiles())
@settings(max_examples=200, deadline=None)
def test_a_profile_that_is_written_and_read_is_the_same(profile: Profile) -> None:
    text = document(tables_of(profile), "a header\nof two lines")
    loaded = profile_from_settings(tomllib.loads(text), environment={})
    assert loaded.profile == profile


def test_a_secret_that_was_handed_over_is_never_written() -> None:
    given_over = SecretRef(SecretSource.GIVEN, given=Secret("hunter2"))
    profile = build_profile(
        {"server.host": "h.example", "auth.username": "u", "auth.password": given_over}
    )
    with pytest.raises(ValueError, match="never written"):
        tables_of(profile)


def test_a_file_has_its_sections_in_the_order_of_the_model_and_its_comments() -> None:
    text = document(
        {
            "test": {"to": ["self", "a@example.com"], "charset": None},
            "auth": {
                "oauth": {"issuer": "microsoft"},
                "password": {"command": ["pass", "show", "x"]},
                "username": 'DOMAIN\\"user"',
            },
            "server": {"port": 587, "host": "h.example"},
            "tls": {},
            "schema": 1,
        },
        "A profile.",
        {"server": "where", "auth.password": "two\nlines"},
    )
    assert text == (
        "# A profile.\n"
        "schema = 1\n"
        "\n"
        "# where\n"
        "[server]\n"
        'host = "h.example"\n'
        "port = 587\n"
        "\n"
        "[auth]\n"
        'username = "DOMAIN\\\\\\"user\\""\n'
        "# two\n"
        "# lines\n"
        'password = { command = ["pass", "show", "x"] }\n'
        "\n"
        "[auth.oauth]\n"
        'issuer = "microsoft"\n'
        "\n"
        "[test]\n"
        'to = ["self", "a@example.com"]\n'
    )


KEY_TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)
ANY = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY_TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEY_TEXTS, ANY, max_size=4))
@settings(max_examples=200, deadline=None)
def test_whatever_a_draft_holds_is_written_so_that_it_reads_the_same(
    tables: dict[str, Any],
) -> None:
    kept = {name: value for name, value in tables.items() if value != {}}
    assert without_empty(tomllib.loads(document(kept, ""))) == without_empty(kept)


def without_empty(value: Any) -> Any:
    """Empty tables that would be a header are left out of a file."""
    if isinstance(value, dict):
        inner = {name: without_empty(each) for name, each in value.items()}
        return {name: each for name, each in inner.items() if each != {}}
    return [without_empty(each) for each in value] if isinstance(value, list) else value


def test_the_choices_of_the_model_are_what_the_strategies_draw_from() -> None:
    assert KEYS["server.security"].rule.choices == SECURITY
    assert KEYS["auth.method"].rule.choices == AUTH_METHODS
    assert KEYS["tls.min_version"].rule.choices == TLS_VERSIONS

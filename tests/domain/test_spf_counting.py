"""The look-ups of an SPF record, counted by us, by checkdmarc and by pyspf."""

from __future__ import annotations

import ipaddress
from typing import Any

import dns.rdatatype
import pytest
import spf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtpcheck.domain.checkdmarc_way import forget_answers, way
from smtpcheck.domain.names import Names
from smtpcheck.domain.spf_result import Mail, spf_result
from smtpcheck.domain.spf_tree import MOST_LOOKUPS, MOST_VOIDS, Tree, spf_tree
from tests.domain.fake_dns import FakeNames

HOSTS = """
a.test. IN A 192.0.2.1
b.test. IN A 192.0.2.2
six.test. IN AAAA 2001:db8::6
mail.test. IN MX 10 a.test.
mail.test. IN MX 20 b.test.
nested.test. IN TXT "v=spf1 a:a.test include:deeper.test -all"
deeper.test. IN TXT "v=spf1 mx:mail.test ip4:198.51.100.0/24 -all"
moved.test. IN TXT "v=spf1 a:a.test redirect=deeper.test"
alias.test. IN CNAME deeper.test.
plain.test. IN TXT "v=spf1 ip4:203.0.113.0/24 -all"
softly.test. IN TXT "v=spf1 ip4:203.0.113.0/24 ~all"
"""
STRANGER = "233.252.0.1"
RECORDS = {
    "nothing": ("v=spf1 -all", 0, 0),
    "addresses": ("v=spf1 ip4:192.0.2.1 ip6:2001:db8::/32 -all", 0, 0),
    "nested": ("v=spf1 include:nested.test -all", 4, 0),
    "same twice": ("v=spf1 include:deeper.test include:deeper.test -all", 4, 0),
    "redirect": ("v=spf1 a:b.test redirect=moved.test", 5, 0),
    "alias": ("v=spf1 include:alias.test -all", 2, 0),
    "many mx hosts": ("v=spf1 mx:mail.test mx:mail.test ~all", 2, 0),
    "exists": ("v=spf1 exists:none.test a:b.test ~all", 2, 1),
    "void a": ("v=spf1 a:none.test mx:a.test -all", 2, 2),
    "behind all": ("v=spf1 a:a.test -all include:nested.test", 1, 0),
    "ten": ("v=spf1 " + "a:a.test " * 10 + "-all", 10, 0),
}


def counted(record: str) -> tuple[FakeNames, Tree]:
    quoted = " ".join(f'"{record[at : at + 200]}"' for at in range(0, len(record), 200))
    names = FakeNames(f"example.test. IN TXT {quoted}\n{HOSTS}")
    return names, spf_tree(names, "example.test")


def by_checkdmarc(names: Names, tree: Tree) -> tuple[int, int]:
    from checkdmarc.spf import parse_spf_record

    forget_answers()
    found = parse_spf_record(tree.record, tree.domain, ignore_too_many_lookups=True, **way(names))
    return found["dns_lookups"], found["void_dns_lookups"]


def by_pyspf(monkeypatch: pytest.MonkeyPatch, names: Names, address: str) -> spf.query:
    """A query of pyspf that has been evaluated, with the same DNS."""

    def look_up(name: str, kind: str, *_: Any) -> list[Any]:
        made: list[Any] = []
        message = names.exchange(name, kind)
        if isinstance(message, str):
            raise spf.TempError("DNS")
        for rrset in message.answer:
            key = (rrset.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(rrset.rdtype))
            made += [(key, _value(key[1], record)) for record in rrset]
        return made

    monkeypatch.setattr(spf, "DNSLookup", look_up)
    asked = spf.query(address, "postmaster@example.test", "example.test", strict=True)
    asked.verdict = asked.check()[0]
    return asked


def _value(kind: str, record: Any) -> Any:
    if kind in ("A", "AAAA"):
        return record.address
    if kind == "MX":
        return record.preference, record.exchange.to_text(omit_final_dot=True)
    return record.strings if kind == "TXT" else record.target.to_text(omit_final_dot=True)


@pytest.mark.parametrize(("record", "lookups", "voids"), RECORDS.values(), ids=list(RECORDS))
def test_three_counts_are_one(
    record: str, lookups: int, voids: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, tree = counted(record)
    assert (tree.lookups, tree.voids) == (lookups, voids)
    # checkdmarc does not look up what exists names, so it cannot see that there is nothing.
    unseen = voids if "exists" in record else 0
    assert by_checkdmarc(names, tree) == (lookups, voids - unseen)
    asked = by_pyspf(monkeypatch, names, STRANGER)
    assert asked.verdict != "permerror"
    assert (asked.lookups, asked.void_lookups) == (lookups, voids)


TERMS = st.sampled_from(
    [
        "a:a.test",
        "mx:mail.test",
        "a:none.test",
        "exists:none.test",
        "include:nested.test",
        "include:deeper.test",
        "include:plain.test",
        "include:softly.test",
        "ip4:192.0.2.0/30",
        "?a:b.test",
        "-ip4:198.51.100.7",
    ]
)
ENDS = st.sampled_from(["-all", "~all", "?all", "redirect=moved.test", "redirect=plain.test", ""])


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(terms=st.lists(TERMS, max_size=7), end=ENDS)
def test_generated_records_count_and_end_as_pyspf_says(
    terms: list[str], end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, tree = counted(" ".join(["v=spf1", *terms, end]).strip())
    too_many = tree.lookups > MOST_LOOKUPS or tree.voids > MOST_VOIDS
    for address in (STRANGER, "192.0.2.1", "198.51.100.7", "203.0.113.9"):
        asked = by_pyspf(monkeypatch, names, address)
        if too_many:
            continue  # pyspf ends at the first look-up that is too much, and so do we
        mail = Mail(ipaddress.ip_address(address), "postmaster@example.test", "example.test")
        assert spf_result(names, tree, mail)[0] == asked.verdict, address
    if too_many:
        assert by_pyspf(monkeypatch, names, STRANGER).verdict == "permerror"
    else:
        assert by_pyspf(monkeypatch, names, STRANGER).lookups == tree.lookups
        assert by_checkdmarc(names, tree)[0] == tree.lookups


@pytest.mark.parametrize(
    ("record", "address", "result"),
    [
        ("v=spf1 exists:%{i}.allow.test -all", "192.0.2.1", "pass"),
        ("v=spf1 exists:%{ir}.allow.test -all", "192.0.2.1", "fail"),
        ("v=spf1 include:%{d2}.plain.test -all", "192.0.2.1", "permerror"),
        ("v=spf1 ptr:ptr.test -all", "192.0.2.1", "pass"),
        ("v=spf1 ptr:ptr.test -all", "192.0.2.2", "fail"),
        ("v=spf1 a:a.test/24 -all", "192.0.2.99", "pass"),
        ("v=spf1 a:six.test//64 -all", "2001:db8::99", "pass"),
        ("v=spf1 a:six.test -all", "2001:db8::99", "fail"),
        ("v=spf1 a:a.test", "192.0.2.9", "neutral"),
    ],
)
def test_macros_prefixes_and_names_give_what_pyspf_gives(
    record: str, address: str, result: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = """
192.0.2.1.allow.test. IN A 127.0.0.2
1.2.0.192.in-addr.arpa. IN PTR host.ptr.test.
host.ptr.test. IN A 192.0.2.1
2.2.0.192.in-addr.arpa. IN PTR forged.ptr.test.
"""
    names = FakeNames(f'example.test. IN TXT "{record}"\n{HOSTS}{more}')
    tree = spf_tree(names, "example.test")
    mail = Mail(ipaddress.ip_address(address), "postmaster@example.test", "example.test")
    assert spf_result(names, tree, mail)[0] == result
    assert by_pyspf(monkeypatch, names, address).verdict == result


def test_a_loop_and_a_forest_end() -> None:
    names = FakeNames(
        'loop.test. IN TXT "v=spf1 include:loop.test -all"\n'
        + "".join(
            f'f{n}.test. IN TXT "v=spf1 include:f{n + 1}.test include:f{n + 1}.test -all"\n'
            for n in range(30)
        )
    )
    assert [each.problem for each in spf_tree(names, "loop.test").walk()] == ["", "loop"]
    forest = spf_tree(names, "f0.test")
    assert MOST_LOOKUPS < forest.lookups < 200
    assert any(each.problem == "too-deep" for each in forest.walk())


def test_macros_that_include_themselves_end_at_the_tenth_look_up() -> None:
    record = " ".join(["v=spf1", *["include:%{d}"] * 30, "-all"])
    names, tree = counted(record)
    mail = Mail(ipaddress.ip_address(STRANGER), "postmaster@example.test", "example.test")
    assert spf_result(names, tree, mail)[0] == "permerror"
    assert len(names.asked) < 40

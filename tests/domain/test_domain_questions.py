"""Questions that do not depend on one another wait side by side, and each is put once."""

from __future__ import annotations

import pytest

from smtpcheck.domain.names import AT_ONCE, Names
from smtpcheck.domain.policy_fetch import WebPlace
from smtpcheck.domain.run import Around, look
from smtpcheck.probe.side_by_side import side_by_side
from tests.domain.fake_dns import question
from tests.domain.slow_dns import slow_dns

ZONE = """
example.test. IN TXT "v=spf1 include:a.test include:b.test include:c.test a:mx1.test mx ~all"
a.test. IN TXT "v=spf1 ip4:192.0.2.1 -all"
b.test. IN TXT "v=spf1 include:d.test -all"
c.test. IN TXT "v=spf1 ip4:192.0.2.3 -all"
d.test. IN TXT "v=spf1 ip4:192.0.2.4 -all"
example.test. IN MX 10 mx1.test.
example.test. IN MX 20 mx2.test.
mx1.test. IN A 192.0.2.1
mx2.test. IN A 192.0.2.2
_dmarc.example.test. IN TXT "v=DMARC1; p=none"
"""


def test_independent_questions_wait_side_by_side_and_none_is_put_twice() -> None:
    with slow_dns(ZONE, 0.05) as dns:
        around = Around(
            (("127.0.0.1", dns.port),), 60.0, WebPlace(1), believed=True, together=side_by_side
        )
        checks, hosts = look(question("example.test"), around)
    assert hosts == (("mx1.test", ("ipv4",)), ("mx2.test", ("ipv4",)))
    assert not [check.summary for check in checks if check.kind == "no-answer"]
    assert 3 < dns.most_waiting <= AT_ONCE
    assert len(dns.asked) == len(set(dns.asked))


def test_threads_and_none_find_the_same() -> None:
    with slow_dns(ZONE, 0.0) as dns:
        where = (("127.0.0.1", dns.port),)
        one = look(question("example.test"), Around(where, 60.0, WebPlace(1)))
        many = look(
            question("example.test"), Around(where, 60.0, WebPlace(1), together=side_by_side)
        )
    assert one == many


def test_an_interrupt_ends_the_run() -> None:
    names = Names((), 60.0, together=lambda works, _: [None for _ in works])
    with pytest.raises(KeyboardInterrupt):
        names.ahead([("a.test", "A"), ("b.test", "A")])


def test_nothing_is_asked_once_the_time_is_over() -> None:
    with slow_dns(ZONE, 0.0) as dns:
        names = Names((("127.0.0.1", dns.port),), 0.0, together=side_by_side)
        names.ahead([("a.test", "A"), ("b.test", "A")])
        assert names.ask("a.test", "A").status == "timeout"
    assert dns.asked == []

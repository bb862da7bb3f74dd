"""How targets are shared out among processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from smtpcheck.api import load_target
from smtpcheck.api.targets import Targets, targets_of
from smtpcheck.api.workers import shared_out
from smtpcheck.model.secret import Secret, SecretRef, SecretSource

COUNT = 200


def targets(settings: Mapping[int, str] | None = None, hosts: int = 20) -> Targets:
    """Targets at so many hosts, some with settings of their own."""
    given = settings or {}
    names = [f"h{n % hosts}.example:{1000 + n} {given.get(n, '')}".strip() for n in range(COUNT)]
    return targets_of([load_target(name, environment={}) for name in names])


def test_each_target_is_in_one_share_and_each_host_too() -> None:
    made = targets()
    here, there = shared_out(made, 3)
    shares = [here, *there]
    assert sorted(number for share in shares for number in share) == list(range(COUNT))
    assert [len(share) for share in shares] == [70, 70, 60]
    hosts = [{made.hosts[number] for number in share} for share in shares]
    assert sum(map(len, hosts)) == 20


def test_what_may_ask_stays_here_with_all_that_is_at_its_host() -> None:
    made = targets({3: "auth.username=bob auth.password='{prompt=true}'"})
    here, there = shared_out(made, 3)
    assert set(range(3, COUNT, 20)) <= set(here)
    assert sorted([*here, *(number for share in there for number in share)]) == list(range(COUNT))
    assert [len(here), *map(len, there)] == [70, 70, 60]


def test_a_secret_that_is_in_memory_stays_here() -> None:
    jobs = [load_target(f"h{n}.example", environment={}) for n in range(COUNT)]
    auth = replace(
        jobs[7].loaded.profile.auth, password=SecretRef(SecretSource.GIVEN, given=Secret("canary"))
    )
    loaded = replace(jobs[7].loaded, profile=replace(jobs[7].loaded.profile, auth=auth))
    jobs[7] = replace(jobs[7], loaded=loaded)
    here, [there] = shared_out(targets_of(jobs), 2)
    assert 7 in here
    assert len(here) == len(there) == COUNT // 2


def test_a_server_that_is_reached_in_two_ways_is_in_one_share() -> None:
    """A login that it refuses on one way is not tried on the other."""
    direct, way = 5, "proxy=socks5://proxy.example:1080"
    made = targets({25: way})
    here, there = shared_out(made, 4)
    [share] = [share for share in (here, *there) if 25 in share]
    assert direct in share


def test_where_it_does_not_pay_nothing_is_shared_out() -> None:
    assert shared_out(targets(hosts=1), 4) == (list(range(COUNT)), [])
    few = targets_of([load_target(f"h{n}.example", environment={}) for n in range(10)])
    assert shared_out(few, 4) == (list(range(10)), [])

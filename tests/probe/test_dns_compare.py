"""Two sets of addresses: the same, overridden, or different."""

from __future__ import annotations

import pytest

from smtpcheck.probe.resolve_compare import difference


@pytest.mark.parametrize(
    ("system", "dns", "hosts", "ttl", "expected"),
    [
        (["192.0.2.1"], ["192.0.2.1"], [], 3600, ""),
        (["192.0.2.1", "192.0.2.2"], ["192.0.2.2", "192.0.2.3"], [], 3600, ""),
        (["192.0.2.1"], [], [], 3600, "system-only"),
        ([], ["192.0.2.1"], [], 3600, "dns-only"),
        ([], [], [], 0, ""),
        (["127.0.0.1"], ["192.0.2.1"], ["127.0.0.1"], 60, "hosts-override"),
        (
            ["192.0.2.1", "192.0.2.9"],
            ["192.0.2.1"],
            ["192.0.2.1", "192.0.2.9"],
            60,
            "hosts-override",
        ),
        (["192.0.2.1"], ["192.0.2.1", "192.0.2.2"], ["192.0.2.1"], 60, ""),
        (["127.0.0.1"], [], ["127.0.0.1"], 0, "system-only"),
        (["10.0.0.1"], ["20.1.2.3"], [], 60, "other-addresses"),
        (["20.1.2.3"], ["40.1.2.3"], [], 3600, "other-addresses"),
        (["20.1.2.3"], ["40.1.2.3"], [], 60, ""),
        (["20.1.2.3"], ["20.1.9.9"], [], 3600, ""),
        (["2603:1026::1"], ["2603:1026:ffff::2"], [], 3600, ""),
        (["2603:1026::1"], ["40.1.2.3"], [], 3600, "other-addresses"),
    ],
)
def test_only_what_rotation_does_not_explain_is_a_difference(
    system: list[str], dns: list[str], hosts: list[str], ttl: int, expected: str
) -> None:
    assert difference(system, dns, hosts, ttl) == expected

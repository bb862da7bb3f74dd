from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.discover.ranking import ranked
from smtpcheck.model.discovery import Offer, Standing, Subject, Vouching

WHO = Subject("lab.test", "me@lab.test", "lab.test")


def offer(
    host: str = "smtp.lab.test", port: int = 465, security: str = "tls", **more: object
) -> Offer:
    given = {"source": "srv", "standing": Standing.SRV, **more}
    return Offer(host=host, port=port, security=security, **given)  # type: ignore[arg-type]


def preset_of(host: str) -> str:
    return "big" if host.endswith(".big.test") else ""


def test_a_server_that_several_name_stands_once_with_all_of_them() -> None:
    found = ranked(
        [
            offer(
                source="autoconfig", standing=Standing.AUTOCONFIG, username="me", over_https=True
            ),
            offer("SMTP.lab.test."),
        ],
        WHO,
        preset_of,
    )
    assert len(found) == 1
    assert found[0].sources == ("srv", "autoconfig")
    assert (found[0].standing, found[0].username) == (Standing.SRV, "me")


def test_the_user_of_one_port_is_the_user_of_the_host() -> None:
    named = offer(port=587, security="starttls", source="autoconfig", username="me")
    named = replace(named, standing=Standing.AUTOCONFIG)
    found = ranked([named, offer(), offer("other.lab.test")], WHO, preset_of)
    assert [(each.port, each.username) for each in found] == [(465, "me"), (465, ""), (587, "me")]


def test_tls_from_the_first_byte_comes_first_at_equal_standing() -> None:
    found = ranked([offer(port=587, security="starttls"), offer(order=3)], WHO, preset_of)
    assert [each.port for each in found] == [465, 587]


def test_what_vouches_for_a_server() -> None:
    outside = offer("smtp.else.test")
    cases = {
        Vouching.PRESET: offer("smtp.big.test"),
        Vouching.DOMAIN: offer(),
        Vouching.HTTPS: offer("smtp.else.test", over_https=True),
        Vouching.NOTHING: outside,
    }
    for vouching, one in cases.items():
        assert ranked([one], WHO, preset_of)[0].vouching is vouching
    assert ranked([outside], WHO, preset_of)[0].needs_word


@given(st.permutations([(s, p) for s in Standing for p in (465, 587)]))
def test_the_order_of_the_offers_does_not_matter(order: list[tuple[Standing, int]]) -> None:
    offers = [
        offer(
            f"{standing.name.lower()}.lab.test",
            port,
            "tls" if port == 465 else "starttls",
            standing=standing,
        )
        for standing, port in order
    ]
    found = ranked(offers, WHO, preset_of)
    assert [each.standing for each in found] == sorted(each.standing for each in found)
    assert [each.port for each in found] == [465, 587] * len(Standing)

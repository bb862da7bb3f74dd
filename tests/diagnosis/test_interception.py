"""Who answers against who was meant: only what cannot be the provider's contradicts."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.interception import compared_names


def told(host: str, banner: str, ehlo: str = "", *names: str) -> object:
    return compared_names(
        {
            "server.host": host,
            "tcp.greeting.reply.text": banner,
            "tcp.greeting.name": banner.split(" ", maxsplit=1)[0],
            "tcp.ehlo.name": ehlo or banner.split(" ", maxsplit=1)[0],
            "tls.handshake.chain.0.names": list(names),
        }
    )["contradicts"]


@pytest.mark.parametrize(
    ("host", "banner", "names"),
    [
        ("smtp.gmail.com", "smtp.gmail.com ESMTP 5b1f17b1804b1-42 - gsmtp", ["smtp.gmail.com"]),
        (
            "smtp.office365.com",
            "AM0PR01CA0123.outlook.office365.com Microsoft ESMTP MAIL Service ready",
            ["outlook.com", "*.office365.com"],
        ),
        ("smtp.sendgrid.net", "SG ESMTP service ready at ismtpd-1", ["*.smtp.sendgrid.net"]),
        ("smtp.zoho.eu", "mx.zoho.eu SMTP Server ready", ["*.zoho.eu"]),
    ],
)
def test_a_provider_is_known_by_its_own_names(host: str, banner: str, names: list[str]) -> None:
    assert told(host, banner, "", *names) == []


def test_a_hoster_that_answers_in_place_of_a_provider_contradicts() -> None:
    assert told("smtp.gmail.com", "host1.example.net ESMTP Exim", "", "host1.example.net") == [
        "banner",
        "ehlo",
        "certificate",
    ]


def test_of_an_unknown_host_nothing_can_contradict() -> None:
    assert told("mail.example.com", "host1.example.net ESMTP Exim", "", "host1.example.net") == []


def test_what_was_not_told_does_not_contradict() -> None:
    assert told("smtp.gmail.com", "") == []

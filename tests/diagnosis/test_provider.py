"""By what a provider is known."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.provider import provider_of


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("smtp.office365.com", "m365"),
        ("SMTP.Office365.com.", "m365"),
        ("example-com.mail.protection.outlook.com", "m365-relay"),
        ("smtp-mail.outlook.com", "outlook-com"),
        ("smtp.gmail.com", "gmail"),
        ("smtp-relay.gmail.com", "google-smtp-relay"),
        ("email-smtp.eu-west-1.amazonaws.com", "ses"),
        ("email-smtp-fips.us-east-1.amazonaws.com", "ses"),
        ("smtppro.zoho.eu", "zoho"),
        ("smtp.zeptomail.com", "zeptomail"),
        ("smtp.exmail.qq.com", "exmail-qq"),
        ("sandbox.smtp.mailtrap.io", "mailtrap-sandbox"),
        ("smtp.office365.com.example.com", ""),
        ("mail.example.com", ""),
        ("", ""),
    ],
)
def test_a_host_shows_its_provider(host: str, provider: str) -> None:
    assert provider_of({"server.host": host}, "", []) == provider


@pytest.mark.parametrize(
    ("greeting", "provider"),
    [
        ("AM0PR0102.outlook.office365.com Microsoft ESMTP MAIL Service ready at Mon", "m365"),
        ("mail.example.com Microsoft ESMTP MAIL Service ready at Mon", "exchange-onprem"),
        ("smtp.gmail.com ESMTP 5b1f17b1804b1-4 - gsmtp", "gmail"),
        ("smtp.mailtrap.io ESMTP ready", "mailtrap-sandbox"),
        ("smtp5.yp-c.yandex.net (Want to use Yandex.Mail for your domain? Visit us)", "yandex"),
        ("smtp51.i.mail.ru ESMTP ready (Looking for Mail for your domain? Visit us)", "mailru"),
        ("mail.example.com ESMTP ready for smtp.mailtrap.io", ""),
        ("mx.google.com ESMTP 38308e7fff4ca - gsmtp", "google-aspmx"),
        ("email-smtp.amazonaws.com ESMTP SimpleEmailService-d-1", "ses"),
        ("mail.example.com ESMTP Postfix (Debian/GNU)", "postfix-relay"),
        ("mail.example.com ESMTP Exim 4.97 Mon", "exim"),
        ("mail.example.com ESMTP ready", ""),
    ],
)
def test_a_greeting_shows_its_provider(greeting: str, provider: str) -> None:
    assert provider_of({}, greeting, []) == provider


def test_the_words_of_a_reply_show_the_provider() -> None:
    said = "Authentication unsuccessful [AM0PR05CA0090.eurprd05.prod.outlook.com]"
    assert provider_of({}, "", ["Ok", said]) == "m365"


def test_the_preset_outweighs_the_host_and_the_host_the_greeting() -> None:
    host = {"server.host": "smtp.gmail.com"}
    assert provider_of({**host, "provider": "google-workspace"}, "", []) == "google-workspace"
    assert provider_of({**host, "provider": ""}, "x ESMTP Exim 4", ["SG"]) == "gmail"
    assert provider_of({}, "x ESMTP Exim 4", ["prod.outlook.com"]) == "exim"

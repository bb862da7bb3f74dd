"""Which provider a run talked to, as far as it shows: by preset, host name, greeting or reply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from smtpcheck.model.jsonvalue import Json

# Order decides: the narrower pattern stands first.
_HOSTS: Final[tuple[tuple[str, str], ...]] = (
    ("smtp.office365.com", "m365"),
    ("outlook.office365.com", "m365"),
    ("pod*.outlook.com", "m365"),
    ("smtp-legacy.office365.com", "m365-legacy-tls"),
    ("smtp.office365.us", "m365-gcc-high"),
    ("*partner.outlook.cn", "m365-21vianet"),
    ("smtp-hve.office365.com", "m365-hve"),
    ("*.mail.protection.outlook.com", "m365-relay"),
    ("*.mx.microsoft", "m365-relay"),
    ("smtp-mail.outlook.com", "outlook-com"),
    ("smtp.live.com", "outlook-com"),
    ("smtp.azurecomm.net", "azure-acs"),
    ("smtp-relay.gmail.com", "google-smtp-relay"),
    ("smtp.gmail.com", "gmail"),
    ("smtp.googlemail.com", "gmail"),
    ("*aspmx*.l.google.com", "google-aspmx"),
    ("aspmx*.googlemail.com", "google-aspmx"),
    ("email-smtp*.amazonaws.com", "ses"),
    ("*.mail-manager-smtp.amazonaws.com", "ses"),
    ("smtp*.sendgrid.net", "sendgrid"),
    ("smtp*.mailgun.org", "mailgun"),
    ("smtp*.postmarkapp.com", "postmark"),
    ("in*.mailjet.com", "mailjet"),
    ("smtp-relay.brevo.com", "brevo"),
    ("smtp-relay.sendinblue.com", "brevo"),
    ("smtp*.sparkpost*.com", "sparkpost"),
    ("smtp.resend.com", "resend"),
    ("sandbox.smtp.mailtrap.io", "mailtrap-sandbox"),
    ("smtp.mailtrap.io", "mailtrap-sandbox"),
    ("*.smtp.mailtrap.io", "mailtrap"),
    ("smtp.mailersend.net", "mailersend"),
    ("mail*.smtp2go.com", "smtp2go"),
    ("smtp*.elasticemail.com", "elastic-email"),
    ("smtp.mandrillapp.com", "mandrill"),
    ("smtp*.zoho*.*", "zoho"),
    ("smtp*.zeptomail.*", "zeptomail"),
    ("smtp.mail.yahoo.*", "yahoo"),
    ("smtp.aol.com", "aol"),
    ("*.att.net", "att"),
    ("smtp.comcast.net", "comcast"),
    ("smtp.mail.me.com", "icloud"),
    ("smtp.fastmail.com", "fastmail"),
    ("*.messagingengine.com", "fastmail"),
    ("smtp.protonmail.ch", "proton"),
    ("mail.gmx.*", "gmx"),
    ("smtp.web.de", "webde"),
    ("smtp.mail.com", "mailcom"),
    ("smtp.mail.ru", "mailru"),
    ("smtp.yandex.*", "yandex"),
    ("*smtp.exmail.qq.com", "exmail-qq"),
    ("smtp.qq.com", "qq"),
    ("smtp.163.com", "netease"),
    ("smtp.126.com", "netease"),
    ("smtp.yeah.net", "netease"),
    ("smtp.ionos.*", "ionos"),
    ("smtp.1und1.de", "ionos"),
    ("smtp.1and1.com", "ionos"),
    ("ssl0.ovh.net", "ovh"),
    ("*.mail.ovh.net", "ovh"),
    ("smtp.strato.de", "strato"),
    ("mail.gandi.net", "gandi"),
    ("mail.infomaniak.com", "infomaniak"),
    ("*.emailsrvr.com", "rackspace"),
    ("*.secureserver.net", "godaddy"),
    ("mail.privateemail.com", "namecheap"),
    ("smtp.dreamhost.com", "dreamhost"),
    ("smtp.hostinger.com", "hostinger"),
    ("smtp.titan.email", "hostinger"),
    ("*.bluehost.com", "bluehost"),
    ("*.hostgator.com", "bluehost"),
    ("mail.btinternet.com", "bt"),
    ("smtp.orange.fr", "orange"),
    ("smtp.wanadoo.fr", "orange"),
    ("securesmtp.t-online.de", "tonline"),
    ("smtp.email.*.oraclecloud.com", "oracle-oci"),
    ("smtp.tem.scaleway.com", "scaleway-tem"),
    ("smtp.mx.cloudflare.net", "cloudflare-email"),
    ("smtpdm*.aliyun*.com", "alibaba-directmail"),
    ("smtp.qiye.aliyun.com", "alibaba-mail"),
    ("smtp.aliyun.com", "alibaba-mail"),
    ("smtp.mxhichina.com", "alibaba-mail"),
    ("*smtp.qcloudmail.com", "tencent-ses"),
    ("smtp.naver.com", "naver"),
    ("mail.your-server.de", "hetzner"),
    ("posteo.de", "posteo"),
    ("smtp.mailbox.org", "mailbox-org"),
    ("smtp.seznam.cz", "seznam"),
    ("smtp.laposte.net", "laposte"),
    ("smtp.free.fr", "free-fr"),
)
# Words of the greeting, lower case; all must be there.
_GREETINGS: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (("protection.outlook.com", "microsoft esmtp"), "m365-relay"),
    (("outlook.com", "microsoft esmtp"), "m365"),
    (("outlook.office365.com",), "m365"),
    (("microsoft esmtp mail service",), "exchange-onprem"),
    (("smtp-relay.gmail.com",), "google-smtp-relay"),
    (("smtp.gmail.com",), "gmail"),
    (("mx.google.com",), "google-aspmx"),
    (("gsmtp",), "gmail"),
    (("simpleemailservice",), "ses"),
    (("sg esmtp service ready",), "sendgrid"),
    (("mailgun influx",), "mailgun"),
    (("proton mail bridge",), "proton-bridge"),
    (("gmx.net", "nemesis esmtp"), "gmx"),
    (("web.de", "nemesis esmtp"), "webde"),
    (("qq mail server",), "qq"),
    (("coremail", "163.com"), "netease"),
    (("icloud smtp",), "icloud"),
    (("mx.zoho",), "zoho"),
    (("yandex.mail for your domain",), "yandex"),
    (("mail.ru", "looking for mail for your domain"), "mailru"),
    (("esmtp postfix",), "postfix-relay"),
    (("esmtp exim",), "exim"),
)
_REPLIES: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (("prod.outlook.com",), "m365"),
    (("prod.protection.outlook.com",), "m365-relay"),
    (("smtpclientauthentication",), "m365"),
    (("aka.ms/smtp_auth_disabled",), "m365"),
    (("gsmtp",), "gmail"),
    (("support.google.com/mail",), "gmail"),
    (("email address is not verified", "failed the check in region"), "ses"),
    (("login.yahoo.com",), "yahoo"),
    (("service.mail.qq.com",), "qq"),
    (("yandex.ru/support",), "yandex"),
)


def provider_of(settings: Mapping[str, Json], greeting: str, replies: Iterable[str]) -> str:
    """The id of the provider, or the empty string where nothing shows it.

    The setting `provider` (of the preset) wins, then the host's name, then what the greeting
    says, then what other replies say.
    """
    said = settings.get("provider")
    if isinstance(said, str) and said:
        return said
    host = settings.get("server.host")
    return (
        _by_host(host if isinstance(host, str) else "")
        or provider_by_greeting(greeting)
        or next((found for text in replies if (found := _by_words(text, _REPLIES))), "")
    )


def provider_by_host(host: str) -> str:
    """The id of the provider whose host this name is, or the empty string."""
    return _by_host(host)


def provider_by_greeting(text: str) -> str:
    """The id of the provider that greets in these words, or under a name of its own (RFC 5321
    section 4.2: the greeting begins with the server's name); else the empty string."""
    return _by_words(text, _GREETINGS) or _by_host(text.partition(" ")[0])


@lru_cache(maxsize=1024)
def _by_host(host: str) -> str:
    name = host.lower().rstrip(".")
    return next((provider for pattern, provider in _HOSTS if fnmatchcase(name, pattern)), "")


def _by_words(text: str, table: tuple[tuple[tuple[str, ...], str], ...]) -> str:
    low = text.lower()
    return next((provider for words, provider in table if all(w in low for w in words)), "")

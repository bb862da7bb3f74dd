"""What the settings of a mail section of .NET mean: there is no standard, so every usual word."""

from __future__ import annotations

import re

from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.entry import Entry, Lookup
from smtpcheck.store.foreign.taking import Take, Taking, as_flag, as_text

_SPELLINGS: tuple[tuple[tuple[str, ...], str, Take], ...] = (
    (("host", "server", "hostname", "smtp", "serveraddress"), "server.host", takes.host_port),
    (("port", "serverport"), "server.port", takes.integer),
    (("username", "user", "login", "account", "authuser", "userid"), "auth.username", takes.text),
    (
        ("password", "pass", "pwd", "passwd", "apppassword", "authpassword", "userpassword"),
        "auth.password",
        takes.secret,
    ),
    (
        (
            *("from", "fromemail", "fromaddress", "frommail", "defaultfrom", "defaultfromaddress"),
            *("sender", "senderemail", "senderaddress", "sendermail", "defaultfromemail"),
            *("fromemailaddress", "senderemailaddress", "noreply"),
        ),
        "sender.address",
        takes.mailbox,
    ),
    (
        (
            *("fromname", "displayname", "sendername", "fromdisplayname", "senderdisplayname"),
            *("defaultfromdisplayname", "defaultfromname"),
        ),
        "sender.name",
        takes.text,
    ),
    (("replyto", "replytoaddress", "replytoemail"), "sender.reply_to", takes.mailbox),
    (("returnpath", "envelopefrom", "bounceaddress"), "sender.bounce", takes.mailbox),
    (("localdomain", "clientdomain", "helo"), "server.helo", takes.text),
    (("timeout", "timeoutmilliseconds"), "server.timeout", takes.milliseconds),
    (
        (
            *("ignorecertificateerrors", "skipcertificatevalidation", "acceptinvalidcertificates"),
            *("trustservercertificate", "allowinvalidcertificates", "ignoresslerrors"),
            *("disablecertificatevalidation", "allowselfsigned", "trustallcertificates"),
        ),
        "tls.verify",
        takes.unverified,
    ),
    (
        ("validatecertificate", "checkcertificate", "verifycertificate"),
        "tls.verify",
        takes.verified,
    ),
)
_MODES = (
    *("securesocketoptions", "securesocketoption", "socketoptions", "securityoption", "security"),
    *("tlsmode", "encryption", "encryptiontype", "connectionsecurity", "secureoption", "sslmode"),
)
_STARTTLS = ("usestarttls", "starttls", "enablestarttls", "requirestarttls")
_SWITCHES = (
    *("enablessl", "usessl", "ssl", "enabletls", "usetls", "tls", "sslenabled", "tlsenabled"),
    *("requiressl", "issslenabled", "usesecureconnection", "requiretls", "secure"),
)
_OPTIONS = {
    "none": "none",
    "0": "none",
    "sslonconnect": "tls",
    "2": "tls",
    "ssl": "tls",
    "implicit": "tls",
    "starttls": "starttls",
    "3": "starttls",
    "starttlswhenavailable": "opportunistic",
    "4": "opportunistic",
}
"""MailKit.Security.SecureSocketOptions, by name and by number; 1 is Auto."""
_SILENT = (
    r"(?i)(?:smtp|mail|email)?(?:deliveryMethod|deliveryFormat|useAuthentication|enabled?)",
    r"(?i)(?:requires?|use|enable)auth\w*|authenticate|useDefaultCredentials|defaultCredentials",
)
_KNOWN = tuple(
    f"{prefix}{word}"
    for prefix in ("", "Smtp")
    for word in ("Host", "Server", "Port", "UserName", "Password", "FromAddress", "EnableSsl")
)


def _word(name: str) -> str:
    """A name without its case, its marks, and what all settings of a section begin with."""
    last = re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].lower())
    short = re.sub(r"^(?:abp)?(?:mailing)?(?:smtp|email|mail)+(?:settings)?", "", last)
    return short or last


def speaks_of_mail(name: str) -> bool:
    """Whether a name has to do with mail."""
    return re.search(r"(?i)smtp|mail", name) is not None


def is_host(name: str) -> bool:
    """Whether this setting, with the sections it is in, names a mail server."""
    return _word(name) in _SPELLINGS[0][0] and speaks_of_mail(name)


def take_section(taking: Taking) -> None:
    """The settings of one section."""
    words = {_word(name): name for name in taking.entries}
    for spellings, key, take in _SPELLINGS:
        for word in spellings:
            entry = taking.entry(words[word]) if word in words else None
            if entry is not None and not taking.has(key):
                take(taking, entry, key)
    _take_mail(taking, words)
    delivery = taking.entry(words.get("deliverymethod", ""))
    if delivery is not None and as_text(delivery.value).lower() != "network":
        taking.note("deliveryMethod is not Network: the application uses no server", delivery.line)
    if taking.flag(words.get("defaultcredentials", ""), default=False):
        taking.note("defaultCredentials logs in as the Windows account: a profile cannot do that")
    target = taking.entry(words.get("targetname", ""))
    if target is not None:
        taking.note(f"{target.name} is not carried over: it is for Kerberos", target.line)
    _take_security(taking, words)
    taking.rest(".", _KNOWN, _SILENT)


def _take_mail(taking: Taking, words: dict[str, str]) -> None:
    """`"Mail": "me@example.com"` is both who logs in and who sends, where nothing else says so."""
    entry = next(
        (
            found
            for word in ("mail", "email", "address", "emailaddress", "emailid")
            if word in words and (found := taking.entry(words[word]))
        ),
        None,
    )
    if entry is None or "@" not in as_text(entry.value):
        return
    if not taking.has("sender.address"):
        takes.mailbox(taking, entry, "sender.address")
    if taking.has("auth.password") and not taking.has("auth.username"):
        takes.text(taking, entry, "auth.username")


def _take_security(taking: Taking, words: dict[str, str]) -> None:
    port = taking.got("server.port")
    by_port = "tls" if port == 465 else "starttls"
    mode = _first(taking, words, _MODES)
    start = _first(taking, words, _STARTTLS)
    switch = _first(taking, words, _SWITCHES)
    if mode is not None and not isinstance(mode.value, Lookup):
        word = re.sub(r"[^a-z0-9]", "", as_text(mode.value).lower().rpartition(".")[2])
        takes.security(taking, _OPTIONS.get(word, by_port), mode, "the program")
        if word not in _OPTIONS:
            _note_port(taking, mode)
    elif start is not None and as_flag(taking.value(start)):
        takes.security(taking, "starttls", start, "the program")
    elif switch is not None and as_flag(taking.value(switch)):
        takes.security(taking, by_port, switch, "the program")
        if _word(switch.name) != "enablessl" and port != 465:
            _note_port(taking, switch)
    elif said := switch or start:
        if as_flag(said.value) is False:
            takes.security(taking, "none", said, "the program")
    else:
        taking.note(
            "nothing in the section says whether TLS is used: the profile goes by the port"
            " (465 TLS, 25 none, any other STARTTLS)"
        )


def _first(taking: Taking, words: dict[str, str], among: tuple[str, ...]) -> Entry | None:
    found = [taking.entry(words[word]) for word in among if word in words]
    return next((entry for entry in found if entry is not None), None)


def _note_port(taking: Taking, entry: Entry) -> None:
    taking.note(
        f"{entry.name} is STARTTLS in some programs and TLS from the first byte in others: by the"
        " port it is taken as the former (else add --set server.security=tls)"
        if taking.got("server.security") == "starttls"
        else f"{entry.name} leaves the mode to the port: 465 is TLS from the first byte",
        entry.line,
    )

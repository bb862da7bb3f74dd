"""The format `wordpress`: constants of `wp-config.php`, those of WP Mail SMTP (`WPMS_`) and the
usual `SMTP_` ones that a theme hands to PHPMailer."""

from __future__ import annotations

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.code_text import read_code
from smtpcheck.store.foreign.entry import Entry, Source
from smtpcheck.store.foreign.env_text import read_env_text
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.phpmailer import php
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import Field, Taking, as_flag, as_text

_FIELDS = (
    Field("WPMS_SMTP_HOST", "server.host", takes.host_port),
    Field("WPMS_SMTP_PORT", "server.port", takes.integer),
    Field("WPMS_SMTP_USER", "auth.username", takes.text),
    Field("WPMS_SMTP_PASS", "auth.password", takes.secret),
    Field("WPMS_MAIL_FROM", "sender.address", takes.mailbox),
    Field("WPMS_MAIL_FROM_NAME", "sender.name", takes.text),
    Field("WPMS_MAIL_FROM_FORCE", "sender.force", takes.flag),
    Field("SMTP_HOST", "server.host", takes.host_port),
    Field("SMTP_SERVER", "server.host", takes.host_port),
    Field("SMTP_PORT", "server.port", takes.integer),
    Field("SMTP_USER", "auth.username", takes.text),
    Field("SMTP_USERNAME", "auth.username", takes.text),
    Field("SMTP_PASS", "auth.password", takes.secret),
    Field("SMTP_PASSWORD", "auth.password", takes.secret),
    Field("SMTP_FROM", "sender.address", takes.mailbox),
    Field("SMTP_NAME", "sender.name", takes.text),
    Field("SMTP_FROM_NAME", "sender.name", takes.text),
)
_ABOUT = r"^(?:WPMS_|SMTP_)"
SILENT = ("WPMS_ON", "WPMS_MAIL_FROM_NAME_FORCE", "WPMS_DO_NOT_SEND", "SMTP_DEBUG", "WPMS_LIC.*")


def _settings(source: Source) -> list[Entry]:
    """Constants of PHP; of a `.env` file (Bedrock) variables of the same names."""
    if "define" in source.text or "<?" in source.text:
        return list(read_code(source.text))
    return list(read_env_text(source).entries)


def _recognises(source: Source) -> int:
    names = {entry.name for entry in _settings(source)}
    constants = "define" in source.text and {"SMTP_HOST", "SMTP_SERVER"} & names
    return SURE if "WPMS_SMTP_HOST" in names or constants else NO


def _read(source: Source) -> list[Imported]:
    taking = Taking(_settings(source), source)
    take_wordpress(taking)
    if taking.entry("WPMS_SMTP_HOST", "SMTP_HOST", "SMTP_SERVER") is None:
        raise UsageError(
            f"{source.file} defines no mail server",
            ["it should have a line such as define('WPMS_SMTP_HOST', 'smtp.example.com');"],
        )
    taking.rest(_ABOUT, silent=SILENT)
    return [taking.imported()]


def take_wordpress(taking: Taking) -> None:
    """Takes the constants, or the variables of the same names."""
    taking.fields(_FIELDS)
    mailer = taking.entry("WPMS_MAILER")
    if mailer is not None and taking.value(mailer) != "smtp":
        taking.note("WPMS_MAILER is not smtp: these settings are not used", mailer.line)
    auth = taking.entry("WPMS_SMTP_AUTH", "SMTP_AUTH")
    if auth is not None and not taking.flag(auth.name, default=True):
        taking.drop("auth.username", "auth.password")
    bounce = taking.entry("WPMS_SET_RETURN_PATH")
    if bounce is not None and as_flag(bounce.value) and taking.has("sender.address"):
        taking.put("sender.bounce", taking.got("sender.address"), bounce)
    _take_security(taking)


def _take_security(taking: Taking) -> None:
    """WP Mail SMTP hands WPMS_SSL to PHPMailer as SMTPSecure: `ssl` is TLS from the first byte,
    `tls` STARTTLS, nothing STARTTLS where it is offered, unless WPMS_SMTP_AUTOTLS is false."""
    entry = taking.entry("WPMS_SSL", "SMTP_SECURE", "SMTP_SSL")
    automatic = taking.flag("WPMS_SMTP_AUTOTLS", "SMTP_AUTOTLS", default=True)
    word = as_text(taking.value(entry)).lower() if entry is not None else ""
    if word == "ssl" or as_flag(word):
        takes.security(taking, "tls", entry, "")
    elif word == "tls":
        takes.security(taking, "starttls", entry, "")
    elif automatic:
        takes.security(taking, "opportunistic", entry, "WordPress")
    else:
        takes.security(taking, "none", entry, "")


def _write(saying: Saying) -> str:
    security = saying.security
    words = {"tls": "ssl", "starttls": "tls", "none": ""}
    pairs: list[tuple[str, str]] = [
        ("WPMS_ON", "true"),
        ("WPMS_MAILER", "'smtp'"),
        ("WPMS_SMTP_HOST", php(saying.bracketed)),
        ("WPMS_SMTP_PORT", str(saying.port)),
        ("WPMS_SSL", php(words[security])),
        ("WPMS_SMTP_AUTOTLS", "false" if security == "none" else "true"),
        ("WPMS_SMTP_AUTH", "true" if saying.username else "false"),
    ]
    if saying.username:
        pairs.append(("WPMS_SMTP_USER", php(saying.username)))
    password = saying.password(
        php,
        env=lambda name: f"getenv({php(name)})",
        file=lambda name: f"trim(file_get_contents({php(name)}))",
    )
    if password:
        pairs.append(("WPMS_SMTP_PASS", password))
    address = saying["sender.address"]
    if address:
        pairs.append(("WPMS_MAIL_FROM", php(address)))
    if saying["sender.name"]:
        pairs.append(("WPMS_MAIL_FROM_NAME", php(saying["sender.name"])))
    if saying["sender.force"]:
        pairs.append(("WPMS_MAIL_FROM_FORCE", "true"))
    if saying["sender.bounce"] and saying["sender.bounce"] == address:
        pairs.append(("WPMS_SET_RETURN_PATH", "true"))
    elif saying["sender.bounce"]:
        saying.cannot("sender.bounce", "WP Mail SMTP can take the sender's address alone")
    return "\n".join(f"define('{name}', {value});" for name, value in pairs) + "\n"


FORMAT = Format("wordpress", "WordPress constants", _recognises, _read, _write)

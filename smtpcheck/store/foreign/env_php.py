"""The variables of PHP programs: Laravel, and WordPress where its constants are variables."""

from __future__ import annotations

from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.env_families import Family
from smtpcheck.store.foreign.taking import Field, Taking
from smtpcheck.store.foreign.url_text import take_url
from smtpcheck.store.foreign.wordpress import SILENT, take_wordpress

LARAVEL_PORT = 2525
"""What `config/mail.php` takes where MAIL_PORT is not set."""
_LARAVEL = (
    Field("MAIL_HOST", "server.host", takes.text),
    Field("MAIL_PORT", "server.port", takes.integer),
    Field("MAIL_USERNAME", "auth.username", takes.text),
    Field("MAIL_PASSWORD", "auth.password", takes.secret),
    Field("MAIL_EHLO_DOMAIN", "server.helo", takes.text),
    Field("MAIL_FROM_ADDRESS", "sender.address", takes.mailbox),
    Field("MAIL_FROM_NAME", "sender.name", takes.text),
    Field("MAIL_REPLY_TO", "sender.reply_to", takes.mailbox),
    Field("MAIL_REPLY_TO_ADDRESS", "sender.reply_to", takes.mailbox),
)


def _laravel(taking: Taking) -> None:
    """Laravel, config/mail.php and Illuminate/Mail/MailManager: the port 465 or the scheme smtps
    is TLS, anything else STARTTLS where the server offers it."""
    mailer = taking.entry("MAIL_MAILER", "MAIL_DRIVER")
    if mailer is not None and taking.value(mailer) != "smtp":
        taking.note(f"{mailer.name} is not smtp: the application does not use these settings")
    url = taking.entry("MAIL_URL")
    if url is not None:
        take_url(taking, url, "symfony")
    taking.fields(_LARAVEL)
    port = taking.got("server.port")
    if port is None:
        taking.put("server.port", LARAVEL_PORT)
        taking.note(f"MAIL_PORT is not set: Laravel takes {LARAVEL_PORT}")
    scheme = taking.entry("MAIL_SCHEME")
    encryption = taking.entry("MAIL_ENCRYPTION")
    said = scheme or encryption
    words = {taking.text("MAIL_SCHEME").lower(), taking.text("MAIL_ENCRYPTION").lower()}
    if taking.has("server.security"):
        return
    if port == 465 or words & {"smtps", "ssl"}:
        takes.security(taking, "tls", said, "Laravel")
    else:
        takes.security(taking, "opportunistic", said, "Laravel")


FAMILIES = (
    Family("wordpress", "WPMS_SMTP_HOST", r"^WPMS_", take_wordpress, SILENT),
    Family(
        "laravel",
        "MAIL_MAILER|MAIL_DRIVER|MAIL_SCHEME|MAIL_ENCRYPTION|MAIL_EHLO_DOMAIN",
        r"^MAIL_",
        _laravel,
        ("MAIL_MAILER", "MAIL_DRIVER", "MAIL_LOG_CHANNEL", "MAIL_SENDMAIL_PATH", "MAIL_MARKDOWN.*"),
    ),
)

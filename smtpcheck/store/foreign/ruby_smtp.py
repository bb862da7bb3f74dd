"""What programs of Ruby hand to the gem mail: Rails itself, GitLab, Discourse."""

from __future__ import annotations

from collections.abc import Mapping

from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.entry import Entry, Lookup
from smtpcheck.store.foreign.references import settle
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import Field, Taking, as_flag, as_text

PORT = 25
"""What the gem takes where no port is set."""


def verify_mode(taking: Taking, entry: Entry, key: str) -> None:
    """`none`, `peer`, `OpenSSL::SSL::VERIFY_NONE`, 0."""
    value = entry.value
    word = value.words if isinstance(value, Lookup) and not value.place else taking.value(entry)
    if as_text(word).lower().endswith("none") or as_text(word) == "0":
        takes.no_verification(taking, entry, key)


def authentication(taking: Taking, entry: Entry, key: str) -> None:
    """`plain`, `login`, `cram_md5`; nothing, false and `none` leave it to the server."""
    word = as_text(taking.value(entry))
    if as_flag(word) is not False:
        takes.method(taking, Entry(entry.name, word, entry.line), key)


def fields(names: Mapping[str, str]) -> tuple[Field, ...]:
    """The settings of the gem under the names that a program gives them."""
    return tuple(Field(name, *_TAKES[setting]) for setting, name in names.items())


_TAKES = {
    "address": ("server.host", takes.text),
    "port": ("server.port", takes.integer),
    "domain": ("server.helo", takes.text),
    "user_name": ("auth.username", takes.text),
    "password": ("auth.password", takes.secret),
    "authentication": ("auth.method", authentication),
    "openssl_verify_mode": ("tls.verify", verify_mode),
    "ca_file": ("tls.ca_file", takes.path),
    "read_timeout": ("server.timeout", takes.seconds),
}
SETTINGS = tuple(_TAKES)
"""The names of the gem's own settings, but for those of TLS."""


def default_port(taking: Taking, name: str, program: str) -> None:
    """The port where none is set, which is noted; not where the environment may say it."""
    if not taking.has("server.port") and name not in taking.entries:
        taking.put("server.port", PORT)
        taking.note(f"{name} is not set: {program} takes {PORT}")


def security(taking: Taking, tls: tuple[str, ...], starttls: str, auto: str, program: str) -> None:
    """mail/network/delivery_methods/smtp.rb of the gem: `tls` and `ssl` are TLS from the first
    byte, `enable_starttls` insists; `enable_starttls_auto`, and nothing at all, take what is
    offered."""
    implicit = next((entry for name in tls if (entry := _wanted(taking, name))), None)
    always = taking.entry(starttls) if starttls else None
    offered = taking.entry(auto)
    if implicit is not None:
        takes.security(taking, "tls", implicit, program)
        for other in (_wanted(taking, starttls), _wanted(taking, auto)):
            if other is not None:
                taking.note(
                    f"{other.name} and {implicit.name} are both set, which newer versions refuse:"
                    f" {implicit.name} is taken",
                    other.line,
                )
    elif always is not None and _wanted(taking, starttls):
        word = as_text(always.value).lower()
        takes.security(taking, "opportunistic" if word == "auto" else "starttls", always, program)
    else:
        off = always is not None and offered is None and as_flag(always.value) is False
        wanted = not off and taking.flag(auto, default=True)
        switches = (always, offered, *(taking.entry(name) for name in tls))
        mode = "opportunistic" if wanted else "none"
        settle(taking, mode, offered or always, program, switches)


def _wanted(taking: Taking, name: str) -> Entry | None:
    entry = taking.entry(name) if name else None
    if entry is None:
        return None
    value = taking.value(entry)
    wanted = as_flag(value) or as_text(value).lower() in ("always", "auto")
    return entry if wanted else None


def ruby(value: str) -> str:
    """A text as Ruby writes it, without anything that Ruby would fill in."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def ruby_password(saying: Saying) -> str:
    """The password, or where it is, as an expression of Ruby."""
    return saying.password(
        ruby,
        env=lambda name: f"ENV[{ruby(name)}]",
        file=lambda name: f"File.read({ruby(name)}).strip",
    )


def mechanism(saying: Saying, program: str) -> str:
    """The mechanism as the gem names it; empty where it is to choose, or has no such one."""
    method: str = saying["auth.method"]
    if method in ("plain", "login", "cram-md5", "xoauth2"):
        return method.replace("-", "_")
    if method != "auto":
        saying.cannot("auth.method", f"{program} has no such mechanism")
    return ""

"""The format `gitlab`: `gitlab.rb` of the Linux package; values of the Helm chart are read too."""

from __future__ import annotations

import re
from collections.abc import Iterable

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign import ruby_smtp, takes
from smtpcheck.store.foreign.code_text import read_code
from smtpcheck.store.foreign.entry import Entry, Source
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.json_text import leaves
from smtpcheck.store.foreign.ruby_smtp import ruby
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import Field, Taking
from smtpcheck.store.foreign.yaml_text import is_manifest, read_yaml

_FIELDS = (
    *ruby_smtp.fields({name: f"smtp_{name}" for name in ruby_smtp.SETTINGS}),
    Field("gitlab_email_from", "sender.address", takes.mailbox),
    Field("gitlab_email_display_name", "sender.name", takes.text),
    Field("gitlab_email_reply_to", "sender.reply_to", takes.mailbox),
)
_ABOUT = r"^(?:smtp_|gitlab_email_)"
_SILENT = ("smtp_pool", "smtp_open_timeout", "gitlab_email_enabled", "gitlab_email_subject_suffix")
_CHART_PORT = 2525
_CHART = (r"(?m)^global:", r"(?m)^[ \t]+smtp:[ \t]*(?:#.*)?$", r"(?m)^[ \t]+user_name:")


def _recognises(source: Source) -> int:
    if is_manifest(source.text):
        return NO
    if re.search(r"(?m)^[^#\n]*gitlab_rails\[['\"]smtp_", source.text):
        return SURE
    return SURE if _is_chart(source.text) else NO


def _is_chart(text: str) -> bool:
    return all(re.search(each, text) for each in _CHART)


def _read(source: Source) -> list[Imported]:
    if "gitlab_rails" not in source.text and _is_chart(source.text):
        return [_of_chart(source)]
    taking = Taking(of_omnibus(read_code(source.text)), source)
    if not any(name.startswith("smtp_") for name in taking.entries):
        raise UsageError(
            f"{source.file} holds no mail settings of GitLab",
            ["it should have a line such as gitlab_rails['smtp_address'] = \"smtp.example.com\""],
        )
    take_gitlab(taking)
    taking.rest(_ABOUT, silent=_SILENT)
    return [taking.imported()]


def of_omnibus(entries: Iterable[Entry]) -> list[Entry]:
    """What stands behind `gitlab_rails`."""
    return [
        Entry(entry.name.removeprefix("gitlab_rails."), entry.value, entry.line)
        for entry in entries
        if entry.name.startswith("gitlab_rails.")
    ]


def take_gitlab(taking: Taking) -> None:
    """omnibus-gitlab, doc/settings/smtp.md: the settings go to the gem as they are."""
    if not taking.flag("smtp_enable", default=False):
        taking.note("smtp_enable is not true: GitLab does not use these settings")
    _take(taking)
    ruby_smtp.default_port(taking, "smtp_port", "GitLab")
    _take_security(taking)


def _take(taking: Taking) -> None:
    taking.fields(_FIELDS)
    if not taking.has("auth.username"):
        taking.drop("auth.method")


def _take_security(taking: Taking) -> None:
    ruby_smtp.security(taking, ("smtp_tls", "smtp_ssl"), "", "smtp_enable_starttls_auto", "GitLab")


def _of_chart(source: Source) -> Imported:
    """GitLab Helm chart, global.smtp and global.email; the password is in a Secret."""
    names = {
        "smtp.enabled": "smtp_enable",
        "smtp.starttls_auto": "smtp_enable_starttls_auto",
        "email.from": "gitlab_email_from",
        "email.display_name": "gitlab_email_display_name",
        "email.reply_to": "gitlab_email_reply_to",
        "email.subject_suffix": "gitlab_email_subject_suffix",
    }
    entries = []
    for entry in (each for tree in read_yaml(source) for each in leaves(tree)):
        name = entry.name.removeprefix("global.")
        if name != entry.name and re.match(r"(?:smtp|email)\.", name):
            entries.append(Entry(names.get(name, name.replace(".", "_")), entry.value, entry.line))
    taking = Taking(entries, source)
    secret = taking.entry("smtp_password_secret")
    if secret is not None:
        taking.note(
            "the password is in a Kubernetes Secret (smtp.password.secret): it is not carried over",
            secret.line,
        )
    if not taking.flag("smtp_enable", default=False):
        taking.note("global.smtp.enabled is not true: GitLab does not use these settings")
    _take(taking)
    if not taking.has("server.port"):
        taking.put("server.port", _CHART_PORT)
        taking.note(f"global.smtp.port is not set: the chart takes {_CHART_PORT}")
    if "smtp_enable_starttls_auto" in taking.entries or "smtp_tls" in taking.entries:
        _take_security(taking)
    else:  # the chart's own default is false
        takes.security(taking, "none", None, "GitLab")
    taking.rest(_ABOUT, silent=(*_SILENT, "email_smime.*", "smtp_password_key"))
    return taking.imported()


def _write(saying: Saying) -> str:
    security = saying.security
    pairs = [
        ("smtp_enable", "true"),
        ("smtp_address", ruby(saying.host)),
        ("smtp_port", str(saying.port)),
    ]
    pairs += _login(saying)
    if saying["server.helo"]:
        pairs.append(("smtp_domain", ruby(saying["server.helo"])))
    # Both at once are an error since 15.11.
    pairs.append(("smtp_tls", "true" if security == "tls" else "false"))
    pairs.append(("smtp_enable_starttls_auto", "true" if security == "starttls" else "false"))
    if security == "starttls":
        saying.note("GitLab goes on without TLS where the server does not offer STARTTLS")
    pairs.append(("smtp_openssl_verify_mode", "'peer'" if saying["tls.verify"] else "'none'"))
    if saying["server.timeout"] != 20.0:
        pairs.append(("smtp_read_timeout", f"{saying['server.timeout']:g}"))
    texts = (
        ("smtp_ca_file", "tls.ca_file"),
        ("gitlab_email_from", "sender.address"),
        ("gitlab_email_display_name", "sender.name"),
        ("gitlab_email_reply_to", "sender.reply_to"),
    )
    pairs += [(name, ruby(saying[key])) for name, key in texts if saying[key]]
    return "".join(f"gitlab_rails['{name}'] = {value}\n" for name, value in pairs)


def _login(saying: Saying) -> list[tuple[str, str]]:
    password = ruby_smtp.ruby_password(saying)
    if not saying.username:
        return []
    pairs = [("smtp_user_name", ruby(saying.username))]
    pairs += [("smtp_password", password)] if password else []
    method = ruby_smtp.mechanism(saying, "GitLab")
    return [*pairs, ("smtp_authentication", ruby(method))] if method else pairs


FORMAT = Format("gitlab", "GitLab settings", _recognises, _read, _write)

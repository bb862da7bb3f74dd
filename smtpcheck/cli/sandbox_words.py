"""What `smtpcheck sandbox` prints: where it listens, each mail, the conversation; as text or as
lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from smtpcheck.model.jsonvalue import Json
from smtpcheck.report.escape import escape, shell_quoted

if TYPE_CHECKING:
    from smtpcheck.sandbox.received import Received, Talk
    from smtpcheck.sandbox.scenario import Scenario
    from smtpcheck.sandbox.server import Sandbox

_SCHEMA = 1
_SHOWN = 200
"""Characters of one value of a mail."""


def started_text(server: Sandbox, relay: bool) -> str:  # noqa: FBT001
    """The addresses, the certificate, the user, the password and how to use them."""
    from smtpcheck.sandbox.mechanisms import USUAL

    where = f"[{server.host}]" if ":" in server.host else server.host
    rows = [
        ("submission", f"{where}:{server.submission_port}  STARTTLS, then a login"),
        (
            "submissions",
            f"{where}:{server.submissions_port}  TLS from the first byte, then a login",
        ),
    ]
    if relay:
        rows.append(("relay", f"{where}:{server.relay_port}  neither TLS nor login"))
    rows += [
        ("certificate", f"{server.ca_file}  the CA to trust"),
        ("user", server.username),
        ("password", f"{server.password}  made for this run alone"),
    ]
    if _tokens_by(server):
        rows.append(("token", f"{server.token}  for {' and '.join(_tokens_by(server))}"))
    if server.mechanisms != USUAL:
        rows.append(("mechanisms", " ".join(server.mechanisms)))
    if server.client_certificate:
        certificate, key = server.client_certificate
        rows.append(("client cert", f"{certificate}  for EXTERNAL: tls.client_cert"))
        rows.append(("client key", f"{key}  tls.client_key"))
    if server.scenario.name != "good":
        rows.append(("scenario", f"{server.scenario.name}: {server.scenario.title}"))
    lines = ["an SMTP server of smtpcheck is running; Ctrl-C ends it"]
    lines += [f"  {name:<12} {escape(value, limit=0)}" for name, value in rows]
    lines += ["try it from another terminal:", f"  {probe_command(server)}"]
    return "\n".join(lines) + "\n"


def probe_command(server: Sandbox) -> str:
    """The command line that probes this sandbox with all five stages."""
    named = server.host in ("127.0.0.1", "0.0.0.0", "::")  # noqa: S104 - compared, not bound
    host = "localhost" if named else server.host
    if ":" in host:
        host = f"[{host}]"
    user = quote(server.username, safe="")
    words = [
        "smtpcheck",
        "probe",
        f"submission://{user}@{host}:{server.submission_port}",
        "--set",
        f"tls.ca_file={server.ca_file}",
    ]
    secret = server.password
    if _tokens_by(server) == server.mechanisms:
        words += ["--set", f"auth.method={server.mechanisms[0].lower()}"]
        secret = server.token
    if "@" in server.username:
        words += ["--set", f"sender.address={server.username}", "--to", server.username]
    command = " ".join(shell_quoted(word) for word in words)
    return f"SMTPCHECK_PASSWORD={shell_quoted(secret)} {command}"


def _tokens_by(server: Sandbox) -> tuple[str, ...]:
    """The mechanisms on offer that take a token."""
    from smtpcheck.sandbox.bearer import TOKEN_MECHANISMS

    return tuple(name for name in server.mechanisms if name in TOKEN_MECHANISMS)


def mail_text(number: int, mail: Received) -> str:
    """One mail that arrived."""
    tls = mail.tls_version or "no TLS"
    user = f"user {mail.username}" if mail.username else "no login"
    rows = [
        ("from", mail.envelope_sender or "<>"),
        ("to", ", ".join(mail.recipients)),
        ("subject", subject_of(mail.data) or "(none)"),
        ("size", f"{len(mail.data)} octets"),
        ("came", f"from {mail.peer}, {tls}, {user}, queue id {mail.queue_id}"),
    ]
    lines = [f"mail {number}  {mail.at.astimezone():%Y-%m-%d %H:%M:%S}"]
    lines += [f"  {name:<8} {escape(value, limit=_SHOWN)}" for name, value in rows]
    return "\n".join(lines) + "\n"


def talk_text(talk: Talk) -> str:
    """One line of a conversation, behind the number of its connection."""
    return f"{talk.connection:>4} {talk.who} {escape(talk.text)}\n"


def started_json(server: Sandbox, relay: bool) -> str:  # noqa: FBT001
    """The line that says where the server is."""
    ports: dict[str, Json] = {
        "submission": server.submission_port,
        "submissions": server.submissions_port,
    }
    if relay:
        ports["relay"] = server.relay_port
    return _line(
        {
            "event": "listening",
            "host": server.host,
            "ports": ports,
            "ca_file": str(server.ca_file),
            "username": server.username,
            "password": server.password,
            "token": server.token if _tokens_by(server) else None,
            "mechanisms": list(server.mechanisms),
            "client_certificate": [str(path) for path in server.client_certificate or ()],
            "scenario": server.scenario.name,
        }
    )


def mail_json(number: int, mail: Received) -> str:
    """The line for one mail."""
    return _line(
        {
            "event": "mail",
            "number": number,
            "at": mail.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "envelope_sender": mail.envelope_sender,
            "recipients": list(mail.recipients),
            "subject": subject_of(mail.data),
            "size": len(mail.data),
            "peer": mail.peer,
            "tls_version": mail.tls_version,
            "username": mail.username,
            "queue_id": mail.queue_id,
        }
    )


def talk_json(talk: Talk) -> str:
    """The line for one line of a conversation."""
    return _line(
        {
            "event": "talk",
            "connection": talk.connection,
            "who": talk.who.value,
            "text": talk.text,
        }
    )


def list_text(scenarios: Mapping[str, Scenario]) -> str:
    """The named failures with their titles."""
    widest = max(len(name) for name in scenarios)
    return "".join(f"{name:<{widest}}  {each.title}\n" for name, each in scenarios.items())


def list_json(scenarios: Mapping[str, Scenario]) -> str:
    """The named failures with their titles and the cause that each one has."""
    return _line(
        {
            "scenarios": [
                {"name": name, "title": each.title, "cause": each.cause or None}
                for name, each in scenarios.items()
            ]
        }
    )


def subject_of(data: bytes) -> str:
    """The Subject of a message, decoded; empty where there is none or it cannot be read."""
    from email.errors import MessageError
    from email.parser import BytesHeaderParser
    from email.policy import default

    head = data.partition(b"\r\n\r\n")[0][:65536]
    try:
        return str(BytesHeaderParser(policy=default).parsebytes(head)["subject"] or "")
    except (MessageError, ValueError, LookupError, AttributeError, TypeError):
        return ""  # a header that Python's parser trips over is no reason to miss the mail


def _line(value: Mapping[str, Json]) -> str:
    return json.dumps({"schema": _SCHEMA, **value}) + "\n"


Words = tuple[
    Callable[["Sandbox", bool], str],
    Callable[[int, "Received"], str],
    Callable[["Talk"], str],
    Callable[[Mapping[str, "Scenario"]], str],
]
WORDS: dict[str, Words] = {
    "text": (started_text, mail_text, talk_text, list_text),
    "json": (started_json, mail_json, talk_json, list_json),
}
"""By format: how the start, a mail, a line of talk and the list of scenarios are said."""

"""Writes the script of a good server that does one thing wrong."""

from __future__ import annotations

from collections.abc import Sequence

GREETING = "220 mail.example.test ESMTP"
_OFFERS = ("PIPELINING", "SIZE 10485760", "8BITMIME", "ENHANCEDSTATUSCODES")
_FOLLOWING = {
    "MAIL": ["C: RCPT TO:", "S: 503 5.5.1 MAIL first", "C: DATA$", "S: 503 5.5.1 MAIL first"],
    "RCPT": ["C: DATA$", "S: 554 5.5.1 no valid recipients"],
}
"""What is still answered of a pipelined group behind a refusal."""


def conversation(
    *,
    security: str = "starttls",
    at: str = "",
    say: str = "",
    do: str = "",
    greeting: str = GREETING,
    offers: Sequence[str] = _OFFERS,
    mechanisms: str = "PLAIN LOGIN",
) -> str:
    """The script of a server that says or does this at a point, and is good before it. `do` holds
    lines of a script; what is said at the point ends the conversation."""
    lines: list[str] = []
    for point, talk in _good(security, greeting, offers, mechanisms):
        if point != at:
            lines += talk
            continue
        lines += [line for line in talk if line.startswith("C:")][:1]
        if point == "MESSAGE":
            lines.append("!: body")
        if say:
            lines.append(spoken(say))
            lines += _FOLLOWING.get(point, [])
        return "\n".join([*lines, *do.strip().splitlines()])
    assert not at, f"{at} is no point of {security}"
    return "\n".join(lines)


def spoken(text: str) -> str:
    """A reply of one or more lines, as one packet, in the language of scripts."""
    lines = text.strip("\n").splitlines()
    return "S: " + " | ".join(
        line.replace("\\", "\\\\").replace(" | ", " \\| ").rstrip() for line in lines
    )


def _good(
    security: str, greeting: str, offers: Sequence[str], mechanisms: str
) -> list[tuple[str, list[str]]]:
    plain = _hello([*offers, *(["STARTTLS"] if security == "starttls" else [])])
    full = _hello([*offers, f"AUTH {mechanisms}"] if mechanisms else list(offers))
    connect = ("CONNECT", [spoken(greeting)])
    tls = ("HANDSHAKE", ["!: tls good"])
    begin = {
        "none": [connect, ("EHLO", full)],
        "starttls": [
            connect,
            ("EHLO", plain),
            ("STARTTLS", ["C: STARTTLS$", "S: 220 2.0.0 go ahead"]),
            tls,
            ("EHLO-TLS", full),
        ],
        "tls": [tls, connect, ("EHLO-TLS", full)],
    }[security]
    return [
        *begin,
        ("AUTH", ["C: AUTH *", "S: 235 2.7.0 welcome"]),
        ("MAIL", ["C: MAIL FROM:", "S: 250 2.1.0 sender ok"]),
        ("RCPT", ["C: RCPT TO:", "S: 250 2.1.5 recipient ok"]),
        ("DATA", ["C: DATA$", "S: 354 end with a dot"]),
        ("MESSAGE", ["!: body", "S: 250 2.0.0 queued as 4F2A1C"]),
        ("QUIT", ["C: QUIT$", "S: 221 2.0.0 bye", "!: close"]),
    ]


def _hello(keywords: Sequence[str]) -> list[str]:
    lines = ["mail.example.test", *keywords]
    marks = ["-"] * (len(lines) - 1) + [" "]
    said = "\n".join(f"250{mark}{line}" for mark, line in zip(marks, lines, strict=True))
    return ["C: EHLO *", spoken(said)]

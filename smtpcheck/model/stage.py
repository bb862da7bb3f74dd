"""The five stages, their outcomes and their exit codes."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Stage(StrEnum):
    """A part of the probe, in the order in which the parts run."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    AUTH = "auth"
    SEND = "send"


class Outcome(StrEnum):
    """How a step, a stage, a target or a run ended."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"


class ExitCode(IntEnum):
    """What the process tells its caller; 10 to 14 name the stage that failed."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    DNS = 10
    TCP = 11
    TLS = 12
    AUTH = 13
    SEND = 14
    EXPECTATION = 15
    DEFECT = 70
    TEMPORARY = 75
    INTERRUPTED = 130


STAGE_EXIT = {
    Stage.DNS: ExitCode.DNS,
    Stage.TCP: ExitCode.TCP,
    Stage.TLS: ExitCode.TLS,
    Stage.AUTH: ExitCode.AUTH,
    Stage.SEND: ExitCode.SEND,
}

# Every name that `--until` takes, and the step after which the probe stops.
# A stage stops after its last step; a bare step name is found within its stage.
# `ehlo` is the last EHLO that the security mode asks for.
STEPS: dict[Stage, tuple[str, ...]] = {
    Stage.DNS: ("dns.name", "dns.system", "dns.query", "dns.compare"),
    Stage.TCP: ("tcp.ping", "tcp.proxy", "tcp.connect", "tcp.greeting", "tcp.ehlo"),
    Stage.TLS: ("tls.starttls", "tls.handshake", "tls.greeting", "tls.ehlo"),
    Stage.AUTH: ("auth.choose", "auth.token", "auth.login"),
    Stage.SEND: (
        "send.prepare",
        "send.mail",
        "send.rcpt",
        "send.data",
        "send.message",
        "send.reset",
        "send.quit",
    ),
}

WHO_MAY_SEND = ("send.sender", "send.relay")
"""Steps that the send stage takes instead of its own where it is asked who may send."""

TLS_DEEP = ("tls.versions", "tls.ciphers", "tls.features", "tls.chains", "tls.commands")
"""Steps of the tls stage that `--tls deep` adds once the run is over; none of them can fail."""

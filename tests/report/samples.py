"""The reports that every renderer is shown: one set for all formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from smtpcheck.model.diagnosis import Change, Confidence, Diagnosis, Evidence, Owner, Severity
from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.observation import ExperimentResult, Observations, StageResult, Step
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.model.transcript import Event, Who

STARTED = "2026-03-01T09:30:00Z"
P, W, F, S, INT = (
    Outcome.PASSED,
    Outcome.WARNED,
    Outcome.FAILED,
    Outcome.SKIPPED,
    Outcome.INTERRUPTED,
)

STARTTLS: Mapping[str, Json] = {
    "preset": "",
    "server.host": "smtp.example.com",
    "server.port": 587,
    "server.security": "starttls",
    "server.timeout": 20.0,
    "tls.verify": True,
    "auth.method": "auto",
    "auth.username": "notifications@example.com",
    "sender.address": "notifications@example.com",
}
IMPLICIT: Mapping[str, Json] = {**STARTTLS, "server.port": 465, "server.security": "tls"}
PLAIN: Mapping[str, Json] = {
    "server.host": "relay.internal.example",
    "server.port": 25,
    "server.security": "none",
    "auth.method": "auto",
    "auth.username": "",
}

_SCRIPT = (
    ("!", "connected to 192.0.2.10 port 587 from 10.1.2.3"),
    ("S", "220 mail.example.com ESMTP ready"),
    ("C", "EHLO app01.example.com"),
    ("S", "250-mail.example.com"),
    ("S", "250-SIZE 35882577"),
    ("S", "250-PIPELINING"),
    ("S", "250 STARTTLS"),
    ("C", "STARTTLS"),
    ("S", "220 2.0.0 go ahead"),
    ("!", "TLSv1.3, TLS_AES_256_GCM_SHA384, verified"),
    ("C", "EHLO app01.example.com"),
    ("S", "250-mail.example.com"),
    ("S", "250-SIZE 35882577"),
    ("S", "250-PIPELINING"),
    ("S", "250 AUTH PLAIN LOGIN"),
    ("C", "AUTH PLAIN <hidden>"),
)


def events(*more: tuple[str, str], upto: int = len(_SCRIPT)) -> tuple[Event, ...]:
    """A conversation: the usual beginning, then what is given."""
    script = (*_SCRIPT[:upto], *more)
    return tuple(Event(n, 4.0 + 7.5 * n, Who(who), text) for n, (who, text) in enumerate(script, 1))


def reply(event: int, command: str, *lines: str) -> dict[str, Json]:
    """The facts of a reply."""
    last = lines[-1]
    return {
        "reply": {
            "code": int(last[:3]),
            "enhanced": "",
            "text": " ".join(line[4:] for line in lines),
            "lines": list(lines),
            "command": command,
            "defects": [],
            "event": event,
        }
    }


def step(
    name: str, summary: str, facts: Facts | None = None, outcome: Outcome = P, ms: float = 8.0
) -> Step:
    return Step(name, outcome, ms, summary, facts or {})


def stage(kind: Stage, *steps: Step, outcome: Outcome | None = None) -> StageResult:
    """A stage with the outcome of its worst step."""
    ranked = sorted((each.outcome for each in steps), key=[P, S, W, INT, F].index)
    elapsed = sum(each.elapsed_ms for each in steps)
    return StageResult(kind, outcome or ranked[-1], steps, None, elapsed)


def skipped(kind: Stage, blocked_by: str | None = None) -> StageResult:
    return StageResult(kind, S, (), blocked_by)


DNS = stage(
    Stage.DNS,
    step("dns.name", "smtp.example.com", {"name": "smtp.example.com", "literal": False}, ms=0.1),
    step("dns.system", "2 addresses", {"addresses": ["192.0.2.10", "2001:db8::10"]}, ms=2.3),
    step(
        "dns.query",
        "2 addresses from 127.0.0.53",
        {
            "server": "127.0.0.53:53",
            "status": "noerror",
            "addresses": ["192.0.2.10", "2001:db8::10"],
            "cname": ["mail.example.com"],
            "ttl": 300,
        },
        ms=3.1,
    ),
    step("dns.compare", "both agree", {"difference": ""}, ms=0.0),
)

ATTEMPTS: list[Facts] = [
    {"address": "2001:db8::10", "family": "ipv6", "outcome": "timeout", "elapsed_ms": 10_000.0},
    {"address": "192.0.2.10", "family": "ipv4", "outcome": "timeout", "elapsed_ms": 9_750.0},
]
CONNECT: Facts = {
    "address": "192.0.2.10",
    "port": 587,
    "family": "ipv4",
    "local": "10.1.2.3:51034",
    "attempts": [
        {
            "address": "2001:db8::10",
            "family": "ipv6",
            "outcome": "failed",
            "error": "Network is unreachable",
            "errno": 101,
            "elapsed_ms": 0.2,
        },
        {"address": "192.0.2.10", "family": "ipv4", "outcome": "connected", "elapsed_ms": 11.9},
    ],
    "dead_families": [],
    "failed_addresses": ["2001:db8::10"],
}

TCP = stage(
    Stage.TCP,
    step("tcp.connect", "192.0.2.10 port 587", CONNECT, ms=12.1),
    step(
        "tcp.greeting",
        "220 mail.example.com ESMTP ready",
        {**reply(2, "CONNECT", "220 mail.example.com ESMTP ready"), "name": "mail.example.com"},
    ),
    step(
        "tcp.ehlo",
        "mail.example.com offers SIZE, PIPELINING, STARTTLS",
        {
            **reply(4, "EHLO", "250-mail.example.com", "250-SIZE 35882577", "250 STARTTLS"),
            "verb": "EHLO",
            "name": "mail.example.com",
            "helo": "app01.example.com",
            "extensions": {"SIZE": "35882577", "PIPELINING": "", "STARTTLS": ""},
            "keywords": ["SIZE", "PIPELINING", "STARTTLS"],
        },
    ),
)

LEAF: Facts = {
    "subject": "CN=smtp.example.com",
    "issuer": "CN=Example Issuing CA 3,O=Example Trust,C=NL",
    "names": ["smtp.example.com", "mail.example.com"],
    "not_before": "2026-01-10T00:00:00Z",
    "not_after": "2026-05-14T23:59:59Z",
    "days_left": 74,
    "serial": "0a1b2c3d",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "self_issued": False,
}
ISSUER: Facts = {
    **LEAF,
    "subject": "CN=Example Issuing CA 3,O=Example Trust,C=NL",
    "issuer": "CN=Example Root,O=Example Trust,C=NL",
    "names": [],
    "days_left": 1804,
}
HANDSHAKE: dict[str, Json] = {
    "version": "TLSv1.3",
    "cipher": "TLS_AES_256_GCM_SHA384",
    "server_name": "smtp.example.com",
    "verified": True,
    "trust": "store",
    "chain": [LEAF, ISSUER],
    "client_cert_requested": False,
}
_TLS_EHLO = step(
    "tls.ehlo",
    "mail.example.com offers SIZE, PIPELINING, AUTH",
    {
        **reply(12, "EHLO", "250-mail.example.com", "250 AUTH PLAIN LOGIN"),
        "verb": "EHLO",
        "name": "mail.example.com",
        "extensions": {"SIZE": "35882577", "PIPELINING": "", "AUTH": "PLAIN LOGIN"},
        "mechanisms": ["PLAIN", "LOGIN"],
        "gained": ["AUTH"],
        "lost": ["STARTTLS"],
    },
)
TLS = stage(
    Stage.TLS,
    step("tls.starttls", "220 2.0.0 go ahead", {"offered": True}),
    step("tls.handshake", "TLSv1.3, certificate verified", HANDSHAKE, ms=21.4),
    _TLS_EHLO,
)

CHOOSE = step(
    "auth.choose",
    "PLAIN, the best that both sides know",
    {"mechanism": "PLAIN", "offered": ["PLAIN", "LOGIN"], "trust": "verified"},
    ms=0.0,
)
AUTH = stage(
    Stage.AUTH,
    CHOOSE,
    step(
        "auth.login",
        "235 2.7.0 Authentication successful",
        {"mechanism": "PLAIN", **reply(17, "AUTH", "235 2.7.0 Authentication successful")},
        ms=34.0,
    ),
)

SEND = stage(
    Stage.SEND,
    step("send.prepare", "from notifications@example.com", {"sender": "notifications@example.com"}),
    step("send.mail", "250 2.1.0 Ok", reply(18, "MAIL", "250 2.1.0 Ok")),
    step("send.rcpt", "1 of 1 recipients accepted", {"accepted": ["ops@example.com"]}),
    step("send.data", "354 go on", reply(20, "DATA", "354 go on")),
    step(
        "send.message",
        "250 2.0.0 Ok: queued as 4XyZ1234",
        {"queue_id": "4XyZ1234", "size": 1312},
        ms=121.0,
    ),
    step("send.quit", "221 2.0.0 Bye"),
)

EMPTY = tuple(skipped(each) for each in Stage)


def target(
    *stages: StageResult,
    name: str = "office",
    profile: str | None = "office",
    settings: Mapping[str, Json] = STARTTLS,
    outcome: Outcome = P,
    exit_code: int = 0,
    diagnoses: tuple[Diagnosis, ...] = (),
    transcript: tuple[Event, ...] | None = None,
    notes: tuple[str, ...] = (),
    experiments: tuple[ExperimentResult, ...] = (),
) -> TargetReport:
    seen = Observations(
        settings,
        stages,
        experiments,
        events() if transcript is None else transcript,
        interrupted=outcome is INT,
    )
    return TargetReport(name, profile, outcome, exit_code, seen, diagnoses, notes)


def report(*targets: TargetReport, exit_code: int | None = None) -> Report:
    """A run against these targets."""
    codes = {each.exit_code for each in targets}
    code = codes.pop() if len(codes) == 1 else 1
    outcomes = [each.outcome for each in targets]
    worst = next((each for each in (INT, F, P) if each in outcomes), S)
    return Report(STARTED, worst, code if exit_code is None else exit_code, targets)


def diagnosis(
    cause: str,
    title: str,
    stage_name: str,
    why: str,
    help_: tuple[str, ...],
    evidence: tuple[Evidence, ...] = (),
    owner: Owner = Owner.YOU,
    severity: Severity = Severity.ERROR,
) -> Diagnosis:
    return Diagnosis(
        cause,
        severity,
        title,
        stage_name,
        Confidence.CERTAIN,
        owner,
        retryable=False,
        why=why,
        help=help_,
        evidence=evidence,
    )


def said(event: int, text: str, *spans: tuple[int, int]) -> Evidence:
    """A line of the server as evidence; the spans count within the line itself."""
    return Evidence(event, f"S {text}", tuple((start + 2, end + 2) for start, end in spans))


def passed_starttls() -> Report:
    return report(target(DNS, TCP, TLS, AUTH, SEND))


def passed_implicit_with_warnings() -> Report:
    soon = {**LEAF, "days_left": 9, "not_after": "2026-03-10T12:00:00Z"}
    problem: Facts = {"kind": "expires-soon", "subject": "CN=smtp.example.com", "days": 9}
    handshake = step(
        "tls.handshake",
        "the certificate expires in 9 days",
        {**HANDSHAKE, "chain": [soon, ISSUER], "problems": [problem]},
        W,
        25.0,
    )
    dead: dict[str, Json] = {**CONNECT, "dead_families": ["ipv6"]}
    connect = step("tcp.connect", "192.0.2.10 port 465; nothing over ipv6", dead, W, 262.0)
    greeting = step("tls.greeting", "220 mail.example.com ESMTP", {"name": "mail.example.com"})
    expiring = diagnosis(
        "cert-expires-soon",
        "the server's certificate expires in 9 days",
        "tls",
        "clients refuse the server from 2026-03-10 on",
        ("renew the certificate, and load it into the mail server",),
        (Evidence(0, "CN=smtp.example.com, not after 2026-03-10T12:00:00Z", ((31, 51),)),),
        Owner.MAIL_ADMIN,
        Severity.WARNING,
    )
    broken = diagnosis(
        "tcp-ipv6-broken",
        "no IPv6 address of the server can be reached from here",
        "tcp",
        "the name has IPv6 addresses, every one of them failed, and IPv4 works; programs without "
        "a quick fallback wait for each address in turn",
        (
            "repair the IPv6 route of this machine",
            'or use IPv4 alone: smtpcheck profile set office server.address_family "ipv4"',
        ),
        (Evidence(0, "2001:db8::10: Network is unreachable (errno 101)", ((14, 36),)),),
        Owner.NETWORK_ADMIN,
        Severity.WARNING,
    )
    return report(
        target(
            DNS,
            stage(Stage.TCP, connect),
            stage(Stage.TLS, handshake, greeting, _TLS_EHLO),
            AUTH,
            SEND,
            settings=IMPLICIT,
            diagnoses=(broken, replace(expiring, confidence=Confidence.CERTAIN)),
        )
    )


def sent_nothing() -> Report:
    send = stage(
        Stage.SEND,
        step(
            "send.prepare",
            "no recipient is set: the envelope is tried to the sender itself",
            {"sender": "notifications@example.com", "deliver": False},
        ),
        step("send.mail", "250 2.1.0 Ok"),
        step("send.rcpt", "1 of 1 accepted", {"accepted": ["notifications@example.com"]}),
        step("send.reset", "250 2.0.0 Ok"),
    )
    note = "no message was sent: neither [test].to nor --to names a recipient"
    return report(target(DNS, TCP, TLS, AUTH, send, notes=(note,)))


def probed_without_login() -> Report:
    name = "smtp.example.com:587"
    settings: dict[str, Json] = {**STARTTLS, "auth.username": ""}
    rest = (skipped(Stage.AUTH), skipped(Stage.SEND))
    return report(target(DNS, TCP, TLS, *rest, name=name, profile=None, settings=settings))


def failed_dns() -> Report:
    dns = stage(
        Stage.DNS,
        step("dns.name", "smtp.exmaple.com", ms=0.0),
        step(
            "dns.system",
            "the system knows no such name (EAI_NONAME)",
            {"error": {"kind": "not-found", "symbol": "EAI_NONAME"}},
            F,
            4.2,
        ),
        step(
            "dns.query",
            "NXDOMAIN from 127.0.0.53:53",
            {"status": "nxdomain", "server": "127.0.0.53:53"},
            F,
            18.0,
        ),
    )
    cause = diagnosis(
        "dns-name-not-found",
        "the host name smtp.exmaple.com does not exist",
        "dns",
        "DNS answers that there is no such name, and the system does not know it either",
        (
            "correct server.host; a similar name that exists is smtp.example.com",
            "or, for a name of another network, join that network first",
        ),
        (Evidence(0, "NXDOMAIN for smtp.exmaple.com from 127.0.0.53:53", ((0, 8), (13, 29))),),
    )
    blocked = [skipped(each, "dns") for each in list(Stage)[1:]]
    settings: dict[str, Json] = {**STARTTLS, "server.host": "smtp.exmaple.com"}
    return report(
        target(
            dns,
            *blocked,
            settings=settings,
            outcome=F,
            exit_code=10,
            diagnoses=(
                replace(cause, changes=(Change("server.host", "smtp.example.com", False),)),
            ),
            transcript=(),
        )
    )


def failed_tcp() -> Report:
    connect = step(
        "tcp.connect",
        "no address answered within 10 s: 192.0.2.10, 2001:db8::10",
        {"attempts": ATTEMPTS, "error": {"kind": "timeout", "kinds": ["timeout"]}},
        F,
        10_000.0,
    )
    cause = diagnosis(
        "tcp-timeout-blocked",
        "nothing answers on port 587: the way to the server is blocked",
        "tcp",
        "packets to smtp.example.com:587 get no answer at all, while port 465 of the same host "
        "does: something on the way drops what goes to port 587",
        ("have outgoing connections to port 587 allowed", "or use implicit TLS on port 465"),
        (Evidence(0, "192.0.2.10 port 587: no answer in 10.0 s"),),
        Owner.NETWORK_ADMIN,
    )
    changes = (
        Change("server.port", 465, verified=True),
        Change("server.security", "tls", verified=True),
    )
    tried = ExperimentResult("port-465", P, "implicit TLS answers on 465", 61.0, {"port": 465})
    return report(
        target(
            DNS,
            stage(Stage.TCP, connect),
            *(skipped(each, "tcp") for each in list(Stage)[2:]),
            outcome=F,
            exit_code=11,
            diagnoses=(replace(cause, changes=changes, confidence=Confidence.LIKELY),),
            experiments=(tried, ExperimentResult("port-25", F, "no answer on 25", 5000.0)),
            transcript=(Event(1, 10_012.0, Who.NOTE, "192.0.2.10 port 587: no answer"),),
        )
    )


def failed_tls() -> Report:
    old = {**LEAF, "names": ["mail.example.net"], "days_left": -3}
    problems: list[Facts] = [
        {"kind": "expired", "subject": "CN=mail.example.net", "days": -3},
        {"kind": "hostname-mismatch", "names": ["mail.example.net"], "wanted": "smtp.example.com"},
    ]
    handshake = step(
        "tls.handshake",
        "the certificate is not accepted: expired, hostname-mismatch",
        {
            **HANDSHAKE,
            "verified": False,
            "chain": [old],
            "error": {"kind": "verify", "reason": "CERTIFICATE_VERIFY_FAILED"},
            "problems": problems,
        },
        F,
        23.0,
    )
    expired = diagnosis(
        "cert-expired",
        "the server's certificate expired 3 days ago",
        "tls",
        "its time ended on 2026-02-26; no client that checks certificates accepts it",
        ("renew the certificate of the mail server", "check that the renewal job reloads it"),
        (Evidence(0, "certificate CN=mail.example.net, not after 2026-02-26", ((33, 53),)),),
        Owner.MAIL_ADMIN,
    )
    mismatch = diagnosis(
        "cert-hostname-mismatch",
        "the certificate is for mail.example.net, not for smtp.example.com",
        "tls",
        "a certificate proves only the names that stand in it",
        ("use a name of the certificate: smtpcheck profile set office server.host NAME",),
        (Evidence(0, "names: mail.example.net", ((7, 23),)),),
    )
    return report(
        target(
            DNS,
            TCP,
            stage(Stage.TLS, step("tls.starttls", "220 2.0.0 go ahead"), handshake),
            skipped(Stage.AUTH, "tls"),
            skipped(Stage.SEND, "tls"),
            outcome=F,
            exit_code=12,
            diagnoses=(expired, mismatch),
            transcript=events(upto=9),
        )
    )


DISABLED = (
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
    "Tenant. Visit https://aka.ms/smtp_auth_disabled for more information."
)


def failed_auth() -> Report:
    login = step(
        "auth.login",
        DISABLED,
        {"mechanism": "LOGIN", **reply(17, "AUTH", DISABLED)},
        F,
        212.0,
    )
    cause = diagnosis(
        "auth-smtp-disabled",
        "SMTP AUTH is switched off for this mailbox or tenant",
        "auth",
        "the tenant's policy refuses SMTP AUTH before it looks at the password",
        (
            "enable authenticated SMTP: Set-CASMailbox -SmtpClientAuthenticationDisabled $false",
            "or sign in with OAuth: smtpcheck profile set office365 auth.method xoauth2",
        ),
        (said(17, DISABLED, (0, 11), (41, 92)),),
        Owner.PROVIDER,
    )
    settings: dict[str, Json] = {**STARTTLS, "server.host": "smtp.office365.com"}
    return report(
        target(
            DNS,
            TCP,
            TLS,
            stage(Stage.AUTH, CHOOSE, login),
            skipped(Stage.SEND, "auth"),
            name="office365",
            profile="office365",
            settings=settings,
            outcome=F,
            exit_code=13,
            diagnoses=(replace(cause, references=("https://aka.ms/smtp_auth_disabled",)),),
            transcript=events(("S", DISABLED)),
        )
    )


GREYLISTED = "451 4.7.1 Greylisting in action, please come back later"


def failed_send_for_now() -> Report:
    send = stage(
        Stage.SEND,
        step("send.prepare", "from notifications@example.com to ops@example.com"),
        step("send.mail", "250 2.1.0 Ok"),
        step(
            "send.rcpt",
            GREYLISTED,
            {"refused": ["ops@example.com"], **reply(20, "RCPT", GREYLISTED)},
            F,
            30.0,
        ),
    )
    cause = diagnosis(
        "greylisted",
        "the server refuses unknown senders for some minutes",
        "send",
        "greylisting: a sender that comes back later is let in",
        ("wait five minutes and probe again; a mail server does so on its own",),
        (said(20, GREYLISTED, (0, 9), (10, 21)),),
    )
    more = (
        ("S", "235 2.7.0 Authentication successful"),
        ("C", "MAIL FROM:<notifications@example.com>"),
        ("C", "RCPT TO:<ops@example.com>"),
        ("S", GREYLISTED),
    )
    return report(
        target(
            DNS,
            TCP,
            TLS,
            AUTH,
            send,
            outcome=F,
            exit_code=75,
            diagnoses=(replace(cause, retryable=True),),
            transcript=events(*more),
        )
    )


def in_doubt() -> Report:
    send = stage(
        Stage.SEND,
        step(
            "send.message",
            "the connection was closed before the server answered the final dot",
            {"in_doubt": True, "silence": {"kind": "closed", "event": 17}},
            F,
            3000.0,
        ),
    )
    lost = diagnosis(
        "session-connection-lost",
        "the connection was lost in the middle of the session",
        "send",
        "the server closed the connection after the final dot",
        ("look for the message in the mailbox before it is sent again",),
        (Evidence(17, "! closed by the server"),),
        Owner.MAIL_ADMIN,
    )
    said = events(("!", "closed by the server"))
    return report(
        target(
            DNS, TCP, TLS, AUTH, send, outcome=F, exit_code=14, diagnoses=(lost,), transcript=said
        )
    )


STRANGE = ("599-The moon is in the wrong house", "599 come back with a better moon")


def no_rule_matched() -> Report:
    login = step(
        "auth.login",
        "599 come back with a better moon",
        {"mechanism": "PLAIN", **reply(17, "AUTH", *STRANGE)},
        F,
        40.0,
    )
    return report(
        target(
            DNS,
            TCP,
            TLS,
            stage(Stage.AUTH, CHOOSE, login),
            skipped(Stage.SEND, "auth"),
            outcome=F,
            exit_code=13,
            transcript=events(*(("S", line) for line in STRANGE)),
        )
    )


HOSTILE = (
    "550 5.7.1 \x1b[2J\x1b]0;owned\x07 [red]paint[/red] <script>alert(1)</script> ::error::no "
    "##vso[task.complete result=Succeeded] \u202egnp.exe\u2069 z\u200bero \x9b31m "
    "Ungültig 你好 \ud800 \t tab"
)


def hostile_server() -> Report:
    start = HOSTILE.index("Ungültig")
    greeting = step("tcp.greeting", HOSTILE, reply(1, "CONNECT", "550 " + HOSTILE), F, 9.0)
    cause = diagnosis(
        "greeting-rejected",
        "the server refuses this client: " + HOSTILE,
        "tcp",
        "the greeting says: " + HOSTILE + "\n::error::injected",
        ("read the greeting: " + HOSTILE,),
        (said(1, HOSTILE, (0, 9), (start, start + 8), (start + 9, start + 11)),),
    )
    return report(
        target(
            DNS,
            stage(Stage.TCP, step("tcp.connect", "192.0.2.10 port 587", CONNECT), greeting),
            *(skipped(each, "tcp") for each in list(Stage)[2:]),
            outcome=F,
            exit_code=11,
            diagnoses=(cause,),
            transcript=(Event(1, 20.0, Who.SERVER, HOSTILE),),
            notes=("::warning::a note\nof two lines " + HOSTILE,),
        )
    )


ENDLESS = "554 " + "spam " * 20_000 + "5.7.1 blocked by policy 42 " + "more " * 8


def endless_line() -> Report:
    start = ENDLESS.index("blocked by policy")
    mail = step("send.mail", ENDLESS, reply(17, "MAIL", ENDLESS), F, 9.0)
    cause = diagnosis(
        "policy-rejected",
        "the server refuses by a policy of its own",
        "send",
        "its words name a policy, and no reason",
        ("ask whoever runs the server",),
        (said(17, ENDLESS, (0, 3), (start, start + 17)),),
        Owner.MAIL_ADMIN,
    )
    return report(
        target(
            DNS,
            TCP,
            TLS,
            AUTH,
            stage(Stage.SEND, mail),
            outcome=F,
            exit_code=14,
            diagnoses=(cause,),
            transcript=events(("S", ENDLESS)),
        )
    )


def several_targets() -> Report:
    relay = target(
        DNS,
        TCP,
        skipped(Stage.TLS),
        skipped(Stage.AUTH),
        skipped(Stage.SEND),
        name="relay",
        profile="relay",
        settings=PLAIN,
        transcript=events(upto=7),
    )
    off = target(*EMPTY, name="old-gateway", profile="old-gateway", outcome=S, transcript=())
    long = replace(relay, target="a-very-long-name-of-a-target.europe-west.mail.example.com:2525")
    return report(
        relay, failed_auth().targets[0], off, long, no_rule_matched().targets[0], exit_code=13
    )


def interrupted() -> Report:
    tls = stage(
        Stage.TLS,
        step("tls.starttls", "220 2.0.0 go ahead"),
        step("tls.handshake", "interrupted", {}, INT, 3100.0),
    )
    return report(
        target(
            DNS,
            TCP,
            tls,
            skipped(Stage.AUTH),
            skipped(Stage.SEND),
            outcome=INT,
            exit_code=130,
            transcript=events(upto=9),
        )
    )


SAMPLES = {
    make.__name__: make
    for make in (
        passed_starttls,
        passed_implicit_with_warnings,
        sent_nothing,
        probed_without_login,
        failed_dns,
        failed_tcp,
        failed_tls,
        failed_auth,
        failed_send_for_now,
        in_doubt,
        no_rule_matched,
        hostile_server,
        endless_line,
        several_targets,
        interrupted,
    )
}

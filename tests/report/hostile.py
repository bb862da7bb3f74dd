"""Reports whose every text is what a hostile server, or a careless user, could put there."""

from __future__ import annotations

from dataclasses import replace

from smtpcheck.model.diagnosis import Evidence, Severity
from smtpcheck.model.drift import Drift
from smtpcheck.model.report import Report
from smtpcheck.model.stage import Stage
from tests.report.samples import (
    DNS,
    STARTTLS,
    F,
    P,
    diagnosis,
    reply,
    report,
    skipped,
    stage,
    step,
    target,
)

HOSTILES = {
    "xml": "</failure><![CDATA[ x ]]> <!-- --> & &amp; &#0; <?php ?> \"quoted\" 'single'",
    "ansi": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J",
    "github": "::error::injected ::stop-commands::x\n::set-env name=A::b\r\n::warning::w %0A %25",
    "azure": "##[error]injected ##vso[task.complete result=Succeeded] ##teamcity[x]",
    "html": '<img src=x onerror=alert(1)><script>alert(1)</script><a href="javascript:x">',
    "markdown": "# head\n| a | b |\n|---|---|\n```\ncode\n``` [x](y) ![z](w) *b* _i_ ~s~\n- item",
    "newlines": "one\ntwo\r\nthree\rfour\u2028five\u2029six\x85seven\x0beight\x0cnine",
    "long": "spam " * 20_000,
    "longest-word": "x" * 100_000,
    "nul": "a\x00b\x00",
    "controls": "".join(map(chr, range(32))) + "\x7f" + "".join(map(chr, range(0x80, 0xA0))),
    "undecodable": b"caf\xe9 \xff\xfe".decode("utf-8", "surrogateescape"),
    "not-a-character": "\ufffe \uffff \ud800 \udfff \U0010ffff",
    "bidi": "\u202egnp.exe\u2069 \u2066 \u200f z\u200bero",
    "perfdata": "x | 'time'=0s;;;0 y=1 | z",
    "attachment": "[[ATTACHMENT|/etc/passwd]] [[ attachment |x]] [[PROPERTY|a=b]]",
    "metrics": 'a"} 1\n# EOF\nprobe_success{target="b\\',
    "empty": "",
    "blanks": " \t ",
}


def hostile_report(text: str, *, severity: Severity = Severity.ERROR) -> Report:
    """A run whose name, notes, steps and diagnoses all are that text; twice, so that it must be
    told apart from itself."""
    wrong = diagnosis(
        "greeting-rejected", text, "tcp", text, (text,), (Evidence(1, text),), severity=severity
    )
    outcome = F if severity is Severity.ERROR else P
    greeting = step("tcp.greeting", text, reply(1, "CONNECT", "550 " + text), outcome)
    one = target(
        DNS,
        stage(Stage.TCP, greeting),
        *(skipped(each, "tcp") for each in list(Stage)[2:]),
        name=text,
        profile=None,
        settings={**STARTTLS, "server.host": text, "profile": text},
        outcome=outcome,
        exit_code=11 if outcome is F else 0,
        diagnoses=(wrong,),
        notes=(text,),
    )
    certificates = ({"subject": text, "not_after": "x"}, {"subject": "CN=x", "not_after": text})
    drift = (
        Drift(text, text, "x"),
        Drift("mechanisms", [text], ["PLAIN"]),
        Drift("certificate", *certificates),
    )
    seen = replace(one.observations, baseline=text, drift=drift)
    one = replace(one, observations=seen)
    return report(one, one)

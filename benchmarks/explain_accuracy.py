"""How often `explain` names the right cause: measured on a file of labelled failures.

Each line of the file is JSON with `text`, `cause_id` and, where more is right, `acceptable`. An
answer is right when it is the label, one of the acceptable causes, or a finer one that refines one
of these. `none` asks for no cause at all.

    python benchmarks/explain_accuracy.py labelled.jsonl [--show]
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from smtpcheck.api import explain

REFINES = {
    "dns-zone-broken": {"dns-resolver-failing", "dns-name-not-found"},
    "dns-cname-broken": {"dns-name-not-found"},
    "dns-no-address": {"dns-name-not-found", "tcp-ipv6-broken"},
    "greeting-closed": {"greeting-missing", "tcp-reset", "session-connection-lost"},
    "reply-timeout": {"session-connection-lost", "greeting-missing"},
    "protocol-violation": {"protocol-out-of-sync", "server-internal-error", "not-an-smtp-server"},
    "starttls-stripped": {"starttls-not-offered", "tls-inspection"},
    "starttls-injection": {"tls-inspection", "protocol-out-of-sync"},
    "tls-corrupted": {"tls-handshake-dropped", "starttls-failed-on-server"},
    "tls-handshake-timeout": {"tls-handshake-dropped"},
    "client-cert-required": {"tls-local-config", "tls-handshake-dropped"},
    "cert-not-yet-valid": {"cert-expired"},
    "cert-without-san": {"cert-hostname-mismatch"},
    "cert-wrong-purpose": {"cert-unknown-ca", "cert-weak-rejected"},
    "cert-revoked": {"cert-unknown-ca"},
    "auth-mechanism-too-weak": {"auth-mechanism-unsupported", "auth-plaintext-over-insecure"},
    "auth-transition-needed": {"auth-temporary-failure"},
    "auth-line-too-long": {"auth-encoding"},
    "too-many-recipients": {"rate-limited"},
    "mailbox-busy": {"server-internal-error", "recipient-mailbox-full"},
    "delivery-in-doubt": {"session-connection-lost"},
    "refusal-unexplained": {"policy-rejected"},
    "proxy-unreachable": {"tcp-refused", "tcp-timeout-blocked", "tcp-unreachable"},
    "proxy-auth-required": {"tcp-refused", "tcp-timeout-blocked", "tcp-unreachable"},
    "proxy-forbidden": {"tcp-refused", "tcp-timeout-blocked", "tcp-unreachable"},
    "proxy-target-unreachable": {"tcp-refused", "tcp-timeout-blocked", "tcp-unreachable"},
    "proxy-timeout": {"tcp-refused", "tcp-timeout-blocked", "tcp-unreachable"},
}
"""Finer causes, and the coarser labels for which each is right."""


def is_right(answer: str, row: dict[str, Any]) -> bool:
    """Whether the answer is fair for the labelled row."""
    wanted = {row["cause_id"], *row.get("acceptable", ())}
    return answer in wanted or bool(REFINES.get(answer, set()) & wanted)


def measure(rows: list[dict[str, Any]], *, show: bool) -> None:
    """Prints accuracy, wrong answers, and those that were certain and wrong."""
    right = exact = silent_right = silent = 0
    wrong: list[tuple[int, str, str, str]] = []
    begun = time.perf_counter()
    for number, row in enumerate(rows):
        found = explain(row["text"])
        answer = found[0].cause if found else "none"
        confidence = str(found[0].confidence) if found else ""
        exact += answer == row["cause_id"]
        silent += row["cause_id"] == "none"
        silent_right += row["cause_id"] == answer == "none"
        if is_right(answer, row):
            right += 1
        else:
            wrong.append((number, row["cause_id"], answer, confidence))
    seconds = time.perf_counter() - begun
    count = len(rows)
    print(f"fair accuracy   {right}/{count} = {right / count:.1%}")
    print(f"exact accuracy  {exact}/{count} = {exact / count:.1%}")
    print(f"negatives that got no cause  {silent_right}/{silent}")
    certain = [each for each in wrong if each[3] == "certain"]
    print(f"certain and wrong  {len(certain)}")
    print(f"{seconds / count * 1000:.1f} ms a text")
    print("\nlabel -> answer, how often")
    for (label, answer), times in Counter((each[1], each[2]) for each in wrong).most_common():
        print(f"  {times:3} {label} -> {answer}")
    if show:
        for number, label, answer, confidence in wrong:
            print(f"\n--- {number}: {label}, answered {answer} {confidence}")
            print(rows[number]["text"][:600])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--show", action="store_true", help="print the texts answered wrongly")
    given = parser.parse_args()
    rows = [
        json.loads(line)
        for line in given.file.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    measure(rows, show=given.show)


if __name__ == "__main__":
    main()

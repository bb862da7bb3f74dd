"""How long `explain` takes for a mail log, as a ratio to pflogsumm (Debian) on the same file.

The log is made here, the same at every run: deliveries, deferrals, bounces and rejects as Postfix
writes them. Both programs read it in turn; what is printed is the ratio within each round.

    python benchmarks/explain_log.py [--megabytes 100] [--rounds 3]
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import Runner, race

_FAILURES = (
    "dsn=4.4.1, status=deferred (connect to {host}[{ip}]:25: Connection timed out)",
    "dsn=4.4.1, status=deferred (connect to {host}[{ip}]:25: Connection refused)",
    (
        "dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for "
        "name={host} "
        "type=AAAA: Host not found)"
    ),
    (
        "dsn=5.1.1, status=bounced (host {host}[{ip}] said: 550 5.1.1 <{to}>: Recipient address "
        "rejected: User unknown in virtual mailbox table (in reply to RCPT TO command))"
    ),
    (
        "dsn=4.7.1, status=deferred (host {host}[{ip}] said: 450 4.7.1 <{to}>: Recipient address "
        "rejected: Greylisted, see http://postgrey.schweikert.ch/help/{host}.html (in reply to "
        "RCPT TO "
        "command))"
    ),
    (
        "dsn=5.7.1, status=bounced (host {host}[{ip}] said: 554 5.7.1 Service unavailable; "
        "Client host "
        "[{ip}] blocked using zen.spamhaus.org (in reply to RCPT TO command))"
    ),
    (
        "dsn=5.2.2, status=bounced (host {host}[{ip}] said: 552 5.2.2 <{to}> Quota exceeded "
        "(mailbox "
        "for user is full) (in reply to end of DATA command))"
    ),
    (
        "dsn=4.7.28, status=deferred (host {host}[{ip}] said: 421-4.7.28 Gmail has detected an "
        "unusual "
        "rate of unsolicited mail originating from your IP address. (in reply to end of DATA "
        "command))"
    ),
    (
        "dsn=4.3.1, status=deferred (host {host}[{ip}] said: 452 4.3.1 Insufficient system "
        "storage (in "
        "reply to MAIL FROM command))"
    ),
)
_REJECT = (
    "NOQUEUE: reject: RCPT from unknown[{ip}]: 554 5.7.1 <{to}>: Relay access denied; "
    "from=<{sender}> to=<{to}> proto=ESMTP helo=<{host}>"
)
_LOGIN = "warning: unknown[{ip}]: SASL LOGIN authentication failed: UGFzc3dvcmQ6"
_MONTH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def log_lines(rng: random.Random) -> Iterator[str]:
    """Lines of a Postfix log without end: one message after the other."""
    second = 0
    while True:
        second += rng.randrange(4)
        day, rest = divmod(second, 86_400)
        stamp = (
            f"{_MONTH[day // 28 % 12]} {day % 28 + 1:2} "
            f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02} mx1 postfix"
        )
        number = rng.randrange(1 << 40)
        queue, pid = f"{number:010X}", rng.randrange(1000, 99_999)
        facts = {
            "host": f"mx{rng.randrange(9)}.domain{rng.randrange(3000)}.example",
            "ip": f"192.0.2.{rng.randrange(256)}",
            "to": f"user{rng.randrange(50_000)}@domain{rng.randrange(3000)}.example",
            "sender": f"news{rng.randrange(50)}@example.com",
        }
        chance = rng.random()
        if chance < 0.04:
            yield f"{stamp}/smtpd[{pid}]: {_REJECT.format(**facts)}"
            continue
        if chance < 0.07:
            yield f"{stamp}/smtpd[{pid}]: {_LOGIN.format(**facts)}"
            continue
        yield f"{stamp}/smtpd[{pid}]: {queue}: client=app1.example.com[{facts['ip']}]"
        yield f"{stamp}/cleanup[{pid}]: {queue}: message-id=<{number:x}@example.com>"
        yield (
            f"{stamp}/qmgr[{pid}]: {queue}: from=<{facts['sender']}>, size={number % 90_000}, "
            "nrcpt=1 (queue active)"
        )
        told = (
            rng.choice(_FAILURES).format(**facts)
            if chance < 0.25
            else f"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {number % 999_999:X})"
        )
        yield (
            f"{stamp}/smtp[{pid}]: {queue}: to=<{facts['to']}>, "
            f"relay={facts['host']}[{facts['ip']}]:25, delay={rng.random() * 9:.2g}, "
            f"delays=0.1/0/0.4/0.5, {told}"
        )
        yield f"{stamp}/qmgr[{pid}]: {queue}: removed"


def write_log(path: Path, size: int) -> None:
    """Writes about `size` bytes of log."""
    written = 0
    with path.open("w", encoding="ascii") as file:
        for line in log_lines(random.Random(20_260_101)):  # noqa: S311 - the same log every time
            written += file.write(line + "\n")
            if written >= size:
                return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    peer = shutil.which("pflogsumm")
    if peer is None:
        sys.exit("pflogsumm is not installed: apt-get install pflogsumm")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "mail.log"
        write_log(log, given.megabytes * 1_000_000)
        ours = (sys.executable, "-m", "smtpcheck", "explain", str(log))
        times = race(
            [
                Runner("smtpcheck explain", ours, proof="recipient-unknown"),
                Runner("pflogsumm", (peer, str(log)), proof="Grand Totals"),
            ],
            given.rounds,
        )
    mine, theirs = times["smtpcheck explain"], times["pflogsumm"]
    ratios = [left / right for left, right in zip(mine.wall, theirs.wall, strict=True)]
    for name, taken in times.items():
        print(f"{name:18} {taken.typical:6.2f} s, peak {taken.peak_kib / 1024:.0f} MiB")
    print(f"time as a ratio to pflogsumm: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()

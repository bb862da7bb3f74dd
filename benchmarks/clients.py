"""The programs that are raced: each sends one message with verified STARTTLS and AUTH PLAIN.
check_smtp alone can do neither of the two: it logs in, verifies no certificate, and ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.installed import Installed
from benchmarks.measure import Runner
from benchmarks.peers import program

NAME = "mail.example.test"
USER, PASSWORD, TO = "alice@good.test", "alice-pass-1", "x@sink.test"
HELO = "client.example.test"
_PROFILE = """schema = 1
[server]
host = "{host}"
port = {port}
security = "{security}"
[tls]
ca_file = "{ca_file}"
[auth]
method = "{method}"
username = "{user}"
password = {{ env = "BENCH_PASSWORD" }}
[sender]
address = "{user}"
[test]
to = ["{to}"]
"""
_MSMTP = """account default
host {host}
port {port}
domain {helo}
tls on
tls_trust_file {ca_file}
auth plain
user {user}
password {password}
from {user}
"""
_SMTPLIB = """import smtplib, ssl, sys
from email.message import EmailMessage
host, port, ca_file, user, password, to = sys.argv[1:]
message = EmailMessage()
message["From"], message["To"], message["Subject"] = user, to, "benchmark"
message.set_content("benchmark")
with smtplib.SMTP(host, int(port), local_hostname="client.example.test") as server:
    server.starttls(context=ssl.create_default_context(cafile=ca_file))
    server.login(user, password)
    server.send_message(message)
print("accepted")
"""


@dataclass(frozen=True, slots=True)
class Clients:
    """The clients against one laboratory; their files lie in a folder of their own."""

    programs: Installed
    folder: Path
    ports: Mapping[str, int]
    ca_file: str

    def smtpcheck(self, host: str, service: str = "submission", *more: str) -> Runner:
        """The whole probe: five stages, one message."""
        profile = self.folder / f"{service}-{host}.toml"
        profile.write_text(
            _PROFILE.format(
                host=host,
                port=self.ports[service],
                security={"submission": "starttls", "submissions": "tls"}[service],
                ca_file=self.ca_file,
                method="plain",
                user=USER,
                to=TO,
            )
        )
        own = {"BENCH_PASSWORD": PASSWORD, "SMTPCHECK_CONFIG_DIR": str(self.folder)}
        argv = [self.programs.smtpcheck, "probe", str(profile), *more]
        return Runner("smtpcheck probe", argv, "queue id", own)

    def swaks(self, host: str, *more: str) -> Runner:
        """The same with swaks. Its version 20201014 verifies the chain, not the name."""
        argv = ["swaks", "--server", host, "--port", str(self.ports["submission"])]
        argv += ["--tls", "--tls-verify", "--tls-ca-path", self.ca_file, "--helo", HELO]
        argv += ["--auth", "PLAIN", "--auth-user", USER, "--auth-password", PASSWORD]
        argv += ["--from", USER, "--to", TO, *more]
        return Runner(" ".join(("swaks", *more)), argv, "queued as")

    def curl(self, host: str) -> Runner:
        """The same with curl, initial response included."""
        url = f"smtp://{host}:{self.ports['submission']}/{HELO}"
        argv = ["curl", "-v", "--ssl-reqd", "--cacert", self.ca_file, "--url", url]
        argv += ["--login-options", "AUTH=PLAIN", "--sasl-ir", "-u", f"{USER}:{PASSWORD}"]
        argv += ["--mail-from", USER, "--mail-rcpt", TO, "-T", self._message()]
        return Runner("curl", argv, "queued as")

    def msmtp(self, host: str) -> Runner:
        """The same with msmtp, whose TLS is that of GnuTLS."""
        settings = self.folder / f"msmtp-{host}"
        settings.touch(mode=0o600)
        port = self.ports["submission"]
        settings.write_text(
            _MSMTP.format(
                host=host, port=port, helo=HELO, ca_file=self.ca_file, user=USER, password=PASSWORD
            )
        )
        argv = [program("msmtp"), "-C", str(settings), "--debug", TO]
        return Runner("msmtp", argv, "queued as", stdin=self._message())

    def check_smtp(self, host: str) -> Runner:
        """A log-in alone (AUTH LOGIN) with the plugin of Nagios."""
        argv = [program("check_smtp"), "-H", host, "-p", str(self.ports["submission"])]
        argv += ["-F", HELO, "-S", "-A", "LOGIN", "-U", USER, "-P", PASSWORD]
        return Runner("check_smtp: no mail, no verification", argv, "SMTP OK")

    def _message(self) -> str:
        message = self.folder / "message"
        message.write_text(f"From: {USER}\r\nTo: {TO}\r\nSubject: benchmark\r\n\r\nbenchmark\r\n")
        return str(message)

    def smtplib(self, host: str) -> Runner:
        """The same with a script of ten lines on Python's own library."""
        port = str(self.ports["submission"])
        argv = [self.programs.python, "-c", _SMTPLIB, host, port, self.ca_file]
        return Runner("smtplib script", [*argv, USER, PASSWORD, TO], "accepted")

    def everybody(self, host: str) -> list[Runner]:
        """All that are installed."""
        peers = {"curl": self.curl, "msmtp": self.msmtp, "check_smtp": self.check_smtp}
        there = [make(host) for name, make in peers.items() if program(name)]
        swaks = [self.swaks(host), self.swaks(host, "--pipeline")]
        return [self.smtpcheck(host), *swaks, *there, self.smtplib(host)]

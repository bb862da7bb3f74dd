"""The programs that log in to a thousand servers: TCP, EHLO, STARTTLS with the certificate
verified, EHLO, AUTH PLAIN, QUIT, no mail. The servers are addresses of 127.0.0.0/8 on which one
Postfix listens, so that for a client each is a host of its own.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clients import HELO, NAME, PASSWORD, USER
from benchmarks.installed import Installed
from benchmarks.measure import Runner
from benchmarks.peers import program

_PROFILE = """schema = 1
[server]
host = "{host}"
port = {port}
security = "starttls"
[tls]
ca_file = "{ca_file}"
server_name = "{name}"
[auth]
method = "plain"
username = "{user}"
password = {{ env = "BENCH_PASSWORD" }}
"""
_BLACKBOX_PORT, _SERVE_PORT = 9115, 9587


@dataclass(frozen=True, slots=True)
class Fleet:
    """So many servers: `127.0.BLOCK.HOST`."""

    blocks: int
    hosts: int

    @property
    def count(self) -> int:
        """How many servers."""
        return self.blocks * self.hosts

    def numbers(self) -> Iterator[tuple[int, int]]:
        """The block and the host of each."""
        for block in range(self.blocks):
            yield from ((block, host) for host in range(1, self.hosts + 1))

    def glob(self, between: str) -> str:
        """All of them in the notation of curl."""
        return f"[0-{self.blocks - 1}]{between}[1-{self.hosts}]"


@dataclass(frozen=True, slots=True)
class FleetClients:
    """The clients; their files lie in a folder of their own. Call `prepare` first."""

    programs: Installed
    folder: Path
    port: int
    ca_file: str
    fleet: Fleet

    def prepare(self) -> None:
        """Writes what the clients read: addresses, targets, profiles, settings."""
        addresses = [f"127.0.{block}.{host}" for block, host in self.fleet.numbers()]
        (self.folder / "profiles").mkdir(parents=True)
        (self.folder / "answers").mkdir()
        self._addresses.write_text("".join(f"{each}\n" for each in addresses))
        lines = [f"login server.host={each}\n" for each in addresses]
        self._targets.write_text("".join(lines))
        self._write_profile("login", NAME)
        for (block, host), address in zip(self.fleet.numbers(), addresses, strict=True):
            self._write_profile(f"host-{block}-{host}", address)
        self._blackbox.write_text(json.dumps(self._blackbox_modules()))

    def swaks(self, at_once: int) -> Runner:
        """A process per target."""
        argv = ["swaks", "--server", "{}", "--port", str(self.port), "--helo", HELO]
        argv += ["--tls", "--tls-verify", "--tls-ca-path", self.ca_file, "--auth", "PLAIN"]
        argv += ["--auth-user", USER, "--auth-password", PASSWORD, "--quit-after", "AUTH"]
        return self._by_xargs("swaks", argv, at_once, "<~  235 ")

    def curl(self, at_once: int) -> Runner:
        """A process per target. It cannot end after the log-in: a NOOP follows."""
        argv = ["curl", "-s", "-o", "/dev/null", "-w", "code %{response_code}\\n"]
        argv += ["--connect-to", f"::{{}}:{self.port}", "--url", f"smtp://{NAME}/{HELO}"]
        argv += ["--ssl-reqd", "--cacert", self.ca_file, "--login-options", "AUTH=PLAIN"]
        argv += ["--sasl-ir", "-u", f"{USER}:{PASSWORD}", "-X", "NOOP"]
        return self._by_xargs("curl", argv, at_once, "^code 250$")

    def check_smtp(self, at_once: int) -> Runner:
        """A process per target. It verifies nothing, and knows no mechanism but LOGIN."""
        argv = [program("check_smtp"), "-H", "{}", "-p", str(self.port), "-F", HELO]
        argv += ["-S", "-A", "LOGIN", "-U", USER, "-P", PASSWORD]
        return self._by_xargs("check_smtp", argv, at_once, "SMTP OK")

    def blackbox(self, at_once: int) -> Runner:
        """One process that is asked as Prometheus asks it."""
        exporter = [program("prometheus-blackbox-exporter"), f"--config.file={self._blackbox}"]
        exporter += [f"--web.listen-address=127.0.0.1:{_BLACKBOX_PORT}", "--log.level=error"]
        target = f"127.0.{self.fleet.glob('.')}:{self.port}"
        url = f"http://127.0.0.1:{_BLACKBOX_PORT}/probe?module=login&target={target}"
        return self._asked("blackbox_exporter", exporter, _BLACKBOX_PORT, url, at_once)

    def smtpcheck(self, at_once: int, *more: str) -> Runner:
        """One run for all targets."""
        argv = [self.programs.smtpcheck, "probe", "--targets", str(self._targets)]
        argv += ["--until", "auth", "--jobs", str(at_once), *more]
        count = self.fleet.count
        name = " ".join(("smtpcheck probe --jobs", str(at_once), *more))
        if "jsonl" in more:
            proof, times = r'"outcome": "passed", "exit_code": 0', count
        else:
            proof, times = f"{count} of {count} targets passed", 1
        return Runner(name, argv, proof, self._environment, times)

    def serve(self, at_once: int) -> Runner:
        """One process that is asked as Prometheus asks it."""
        exporter = [self.programs.smtpcheck, "serve", "--all", "--until", "auth"]
        exporter += ["--listen", f"127.0.0.1:{_SERVE_PORT}", "--max-concurrent", "50"]
        url = f"http://127.0.0.1:{_SERVE_PORT}/probe?target=host-{self.fleet.glob('-')}"
        return self._asked("smtpcheck serve", exporter, _SERVE_PORT, url, at_once)

    def offers(self, *words: str) -> bool:
        """Whether this version of smtpcheck has the option, or the command."""
        *command, option = words
        argv = [self.programs.smtpcheck, *command, "--help"]
        shown = subprocess.run(argv, capture_output=True, text=True, check=False)
        return option in shown.stdout.split()

    def _by_xargs(self, name: str, argv: Sequence[str], at_once: int, proof: str) -> Runner:
        xargs = ["xargs", "-a", str(self._addresses), "-P", str(at_once), "-I", "{}"]
        return Runner(f"{name}, xargs -P {at_once}", [*xargs, *argv], proof, times=self.fleet.count)

    def _asked(
        self, name: str, exporter: Sequence[str], port: int, url: str, at_once: int
    ) -> Runner:
        answers = self.folder / "answers"
        argv = ["curl", "-s", "-S", "--parallel", "--parallel-max", str(at_once)]
        argv += ["--no-progress-meter"]
        return Runner(
            f"{name}, {at_once} at once",
            [*argv, "--fail", "-o", f"{answers}/#1-#2", url],
            r"^probe_success(\{.*\})? 1$",
            self._environment,
            times=self.fleet.count,
            answers=str(answers),
            exporter=exporter,
            port=port,
        )

    def _write_profile(self, name: str, host: str) -> None:
        (self.folder / "profiles" / f"{name}.toml").write_text(
            _PROFILE.format(host=host, port=self.port, ca_file=self.ca_file, name=NAME, user=USER)
        )

    def _blackbox_modules(self) -> dict[str, object]:
        """Its own example of SMTP with STARTTLS, and a log-in; JSON is YAML."""
        login = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
        talk = [
            {"expect": "^220 "},
            {"send": f"EHLO {HELO}\r"},
            {"expect": "^250-STARTTLS"},
            {"send": "STARTTLS\r"},
            {"expect": "^220 "},
            {"starttls": True},
            {"send": f"EHLO {HELO}\r"},
            {"expect": "^250-AUTH"},
            {"send": f"AUTH PLAIN {login}\r"},
            {"expect": "^235 "},
            {"send": "QUIT\r"},
            {"expect": "^221 "},
        ]
        trust = {"ca_file": self.ca_file, "server_name": NAME}
        module = {
            "prober": "tcp",
            "timeout": "30s",
            "tcp": {"query_response": talk, "tls_config": trust},
        }
        return {"modules": {"login": module}}

    @property
    def _environment(self) -> dict[str, str]:
        return {"BENCH_PASSWORD": PASSWORD, "SMTPCHECK_CONFIG_DIR": str(self.folder)}

    @property
    def _addresses(self) -> Path:
        return self.folder / "addresses"

    @property
    def _targets(self) -> Path:
        return self.folder / "targets"

    @property
    def _blackbox(self) -> Path:
        return self.folder / "blackbox.yml"

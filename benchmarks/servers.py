"""Postfix with Dovecot, and BIND, in the network namespace that this process runs in.

Prints one line of JSON with the ports once all of them serve; stops them when standard input ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.postfix import mail_lab
from tests.pki import TestPki

NAME = "mail.example.test"
_NAMED = """
options {{
  directory "{folder}"; listen-on port 53 {{ {address}; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; notify no; allow-transfer {{ none; }};
  pid-file "{folder}/named.pid"; lock-file none; session-keyfile "{folder}/session.key";
}};
controls {{ }};
zone "example.test" {{ type primary; file "{folder}/zone"; }};
"""
_WITHOUT_PENALTY = """
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
"""
"""Else a login that failed once lets all others from that address wait."""
_ZONE = "$TTL 300\n@ IN SOA ns hostmaster 1 3600 600 86400 60\n@ IN NS ns\nns IN A {address}\n"


@contextmanager
def dns(folder: Path, address: str) -> Iterator[None]:
    """BIND with one zone, on port 53 of the address."""
    folder.mkdir()
    (folder / "named.conf").write_text(_NAMED.format(folder=folder, address=address))
    (folder / "zone").write_text(_ZONE.format(address=address) + f"mail IN A {address}\n")
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["named", "-g", "-c", str(folder / "named.conf")], stdout=out, stderr=out
        )
        try:
            end = time.monotonic() + 15
            while "all zones loaded" not in log.read_text(errors="replace"):
                if process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"BIND does not serve:\n{log.read_text()}")
                time.sleep(0.02)
            yield
        finally:
            process.terminate()
            process.wait(10)


def main(folder: Path, address: str) -> None:
    """Serves until standard input ends."""
    folder.chmod(0o755)
    for name in ("mail", "pki"):
        (folder / name).mkdir()
    pki = TestPki(folder / "pki")
    everywhere = "0.0.0.0"  # noqa: S104 - of a namespace that nothing else is in
    with (
        mail_lab(folder / "mail", pki, listen=everywhere, dovecot=_WITHOUT_PENALTY) as lab,
        dns(folder / "dns", address),
    ):
        ports = {name: lab.ports[name] for name in ("submission", "submissions")}
        print(json.dumps({"ca_file": str(pki.ca_file), **ports}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

"""DNS as senders publish it, right and wrong, served by BIND with Unbound before it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.domain.keys import dkim_record
from tests.lab.bind import free_port, program, ready, running

ROOT = "$TTL 300\n@ IN SOA ns.lab. hostmaster.lab. 1 3600 600 86400 60\n@ IN NS ns.lab.\n"
GOOD = f"""
good.test.  IN TXT "v=spf1 include:spf.protection.outlook.com -all"
good.test.  IN MX 10 mx.good.test.
mx.good.test.  IN A 127.0.0.1
mta-sts.good.test.  IN A 127.0.0.1
_mta-sts.good.test. IN TXT "v=STSv1; id=20261101"
_smtp._tls.good.test. IN TXT "v=TLSRPTv1; rua=mailto:tls@good.test"
_dmarc.good.test. IN TXT "v=DMARC1; p=reject; rua=mailto:d@good.test"
selector1._domainkey.good.test. IN CNAME selector1-good-test._domainkey.tenant.test.
selector1-good-test._domainkey.tenant.test. IN TXT {dkim_record(2048)}
_submission._tcp.good.test. IN SRV 0 1 587 smtp.good.test.
spf.protection.outlook.com. IN TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"
sendgrid.net. IN TXT "v=spf1 ip4:198.51.100.0/24 -all"
25.2.0.192.in-addr.arpa. IN PTR mail.good.test.
mail.good.test. IN A 192.0.2.25
26.2.0.192.in-addr.arpa. IN PTR elsewhere.good.test.
elsewhere.good.test. IN A 192.0.2.99
27.2.0.192.in-addr.arpa. IN PTR 192-0-2-27.dyn.good.test.
192-0-2-27.dyn.good.test. IN A 192.0.2.27
"""
BAD = f"""
none.test.      IN MX 10 mx.good.test.
dual.test.      IN MX 10 mx.dual.test.
mx.dual.test.   IN A 127.0.0.1
mx.dual.test.   IN AAAA ::1
twice.test.     IN TXT "v=spf1 mx -all"
twice.test.     IN TXT "v=spf1 a ~all"
twice.test.     IN MX 10 mx.good.test.
_dmarc.twice.test. IN TXT "v=DMARC1; p=none"
_dmarc.twice.test. IN TXT "v=DMARC1; p=reject"
near.test.      IN TXT " v=spf1 -all"
near.test.      IN TXT "v=DMARC1; p=none"
near.test.      IN MX 10 mx.good.test.
typo.test.      IN TXT "v=spf1 ipv4:192.0.2.1 -all"
typo.test.      IN MX 10 192.0.2.1.
_dmarc.typo.test. IN TXT "v=DMARC1; p=maybe"
open.test.      IN TXT "v=spf1 ptr +all"
open.test.      IN MX 10 alias.open.test.
open.test.      IN MX 20 gone.open.test.
alias.open.test. IN CNAME mx.good.test.
_dmarc.open.test. IN TXT ( "v=DMARC1; p=reject; pct=20; "
  "rua=mailto:d@reports.test,mailto:d@gone.open.test" )
reports.test.   IN MX 10 mx.good.test.
many.test.      IN TXT "v=spf1 include:a.many.test include:b.many.test a mx ~all"
many.test.      IN MX 10 mx.good.test.
many.test.      IN A 192.0.2.1
a.many.test.    IN TXT ( "v=spf1 a:good.many.test mx:many.test exists:many.test "
  "include:c.many.test -all" )
b.many.test.    IN TXT "v=spf1 a:good.many.test a:mx.good.test exists:%{{i}}.many.test -all"
c.many.test.    IN TXT "v=spf1 a:mx.good.test -all"
good.many.test. IN A 192.0.2.2
void.test.      IN TXT "v=spf1 a:a.void.test a:b.void.test a:c.void.test -all"
loop.test.      IN TXT "v=spf1 include:b.loop.test -all"
b.loop.test.    IN TXT "v=spf1 include:loop.test -all"
dead.test.      IN TXT "v=spf1 include:spf.gone.test -all"
parked.test.    IN TXT "v=spf1 -all"
parked.test.    IN MX 0 .
_dmarc.parked.test. IN TXT "v=DMARC1; p=reject"
keys.test.      IN TXT "v=spf1 mx ~all"
keys.test.      IN MX 10 mx.good.test.
weak._domainkey.keys.test.    IN TXT {dkim_record(512)}
short._domainkey.keys.test.   IN TXT {dkim_record(1024)}
test._domainkey.keys.test.    IN TXT {dkim_record(2048, "t=y; ")}
sha1._domainkey.keys.test.    IN TXT {dkim_record(2048, "h=sha1; ")}
gone._domainkey.keys.test.    IN TXT "v=DKIM1; p="
cut._domainkey.keys.test.     IN TXT "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0B"
two._domainkey.keys.test.     IN TXT "v=DKIM1; p="
two._domainkey.keys.test.     IN TXT "v=DKIM1; k=rsa; p=MII"
away._domainkey.keys.test.    IN CNAME s1.domainkey.gone.test.
ed._domainkey.keys.test.      IN TXT ( "v=DKIM1; k=ed25519; "
  "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" )
2.0.0.127.bl.test.  IN A 127.0.0.2
26.2.0.192.bl.test. IN A 127.0.0.4
26.2.0.192.bl.test. IN TXT "see https://bl.test"
2.0.0.127.refusing.test.  IN A 127.255.255.254
*.refusing.test.    IN A 127.255.255.254
*.dead-list.test.   IN A 203.0.113.9
dbltest.com.dbl.test. IN A 127.0.1.2
open.test.dbl.test. IN A 127.0.1.2
"""
SIGNED = """$TTL 300
@ IN SOA ns hostmaster 1 3600 600 86400 60
@ IN NS ns
ns IN A 127.0.0.1
@ IN TXT "v=spf1 mx -all"
@ IN MX 10 mx
mx IN A 127.0.0.1
_25._tcp.mx IN TLSA 3 1 1 {digest}
_25._tcp.mx IN TLSA 0 0 1 {zeros}
"""
_SIGNED = ("signed.test.", "bogus.test.")
_NAMED = """
options {{
  directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; notify no; allow-transfer {{ none; }};
  pid-file "{folder}/named.pid"; lock-file none; session-keyfile "{folder}/session.key";
  check-names primary ignore; empty-zones-enable no;
}};
controls {{ }};
zone "." {{ type primary; file "{folder}/root"; }};
zone "signed.test" {{ type primary; file "{folder}/signed.test"; }};
zone "bogus.test" {{ type primary; file "{folder}/bogus.test"; }};
zone "plain.test" {{ type primary; file "{folder}/plain"; }};
"""
_UNBOUND = """
server:
  directory: "{folder}"
  pidfile: ""
  username: ""
  chroot: ""
  use-syslog: no
  logfile: ""
  verbosity: 1
  num-threads: 1
  interface: 127.0.0.1@{port}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  do-ip6: no
  module-config: "validator iterator"
  trust-anchor-file: "{folder}/anchors"
  local-zone: "test." nodefault
remote-control:
  control-enable: no
stub-zone:
  name: "signed.test"
  stub-addr: 127.0.0.1@{authority}
stub-zone:
  name: "bogus.test"
  stub-addr: 127.0.0.1@{authority}
stub-zone:
  name: "plain.test"
  stub-addr: 127.0.0.1@{authority}
stub-zone:
  name: "."
  stub-addr: 127.0.0.1@{authority}
"""


@dataclass(frozen=True, slots=True)
class DomainLab:
    """Where the servers listen."""

    authority: str
    """BIND: `IP:port`, authoritative for all of DNS."""
    validator: str
    """Unbound: validates the root and `signed.test`; that the signatures of `bogus.test` do not
    hold; `plain.test` is not signed."""


@contextmanager
def domain_lab(folder: Path, *, spki_sha256: str = "ab" * 32) -> Iterator[DomainLab]:
    """Starts the servers and stops them. `spki_sha256`: of the key of `mx.signed.test`."""
    ready()
    authority, validator = free_port(), free_port()
    (folder / "plain").write_text(SIGNED.format(digest=spki_sha256, zeros="00" * 32))
    delegated = "".join(f"{zone} IN NS ns.lab.\n" for zone in ("plain.test.", *_SIGNED))
    delegated += "".join(_sign(folder, zone, "plain") for zone in _SIGNED)
    (folder / "unsigned").write_text(f"{ROOT}ns.lab. IN A 127.0.0.1\n{GOOD}{BAD}{delegated}")
    _sign(folder, ".", "unsigned")
    signed = (folder / "bogus.test").read_text()
    (folder / "bogus.test").write_text(
        signed.replace("mx -all", "mx ~all").replace("10 mx", "11 mx")
    )
    (folder / "named.conf").write_text(_NAMED.format(folder=folder, port=authority))
    (folder / "unbound.conf").write_text(
        _UNBOUND.format(folder=folder, port=validator, authority=authority)
    )
    with ExitStack() as stack:
        log = folder / "named.log"
        named = [program("named"), "-g", "-c", str(folder / "named.conf")]
        stack.enter_context(running(named, log, "all zones loaded"))
        assert "not loaded due to errors" not in log.read_text(), log.read_text()
        unbound = [program("unbound"), "-d", "-p", "-c", str(folder / "unbound.conf")]
        stack.enter_context(running(unbound, folder / "unbound.log", "start of service"))
        yield DomainLab(f"127.0.0.1:{authority}", f"127.0.0.1:{validator}")


def _sign(folder: Path, zone: str, source: str) -> str:
    """Signs a zone; the DS records by which the zone above vouches for it. The key of the root
    becomes the trust anchor."""

    def run(*argv: str) -> str:
        done = subprocess.run(argv, cwd=folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    key = run(program("dnssec-keygen"), "-a", "ECDSAP256SHA256", "-f", "KSK", zone)
    target = zone.rstrip(".") or "root"
    run(program("dnssec-signzone"), "-z", "-S", "-K", ".", "-o", zone, "-f", target, source)
    if zone == ".":
        (folder / "anchors").write_text((folder / f"{key}.key").read_text())
        return ""
    return run(program("dnssec-dsfromkey"), f"{key}.key") + "\n"

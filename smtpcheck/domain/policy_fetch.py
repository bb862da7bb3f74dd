"""Fetches an MTA-STS policy as RFC 8461 section 3.3 wants it: HTTPS with a certificate for that
name, a 200, no redirect, a bounded body and time."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Sequence

from smtpcheck.model.value import dataclass

LARGEST = 64 * 1024
"""Octets of a policy (RFC 8461 section 3.2)."""
PATIENCE = 10.0
"""Seconds that a fetch may take, whatever the server does."""
_PATH = "/.well-known/mta-sts.txt"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of it."""

    body: str = ""
    content_type: str = ""
    problem: str = ""
    """`unreachable`, `certificate`, `status`, `redirect`, `too-large`, `no-http`; or empty."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class WebPlace:
    """Where policies are served, and who vouches for the certificate."""

    port: int = 443
    ca_file: str = ""
    """Trusted besides the system's store."""


def fetch_policy(host: str, addresses: Sequence[str], place: WebPlace, seconds: float) -> Fetched:
    """The policy of `https://HOST/.well-known/mta-sts.txt`, from the first address that answers."""
    last = Fetched(problem="unreachable", detail="the host has no address")
    end = time.monotonic() + seconds
    for address in addresses[:4]:
        last = _from(host, address, place, min(end, time.monotonic() + PATIENCE))
        if last.problem != "unreachable":
            break
    return last


def _from(host: str, address: str, place: WebPlace, until: float) -> Fetched:
    seconds = until - time.monotonic()
    if seconds <= 0:
        return Fetched(problem="unreachable", detail="no time was left")
    try:
        context = ssl.create_default_context()
        context.hostname_checks_common_name = False  # RFC 8461 section 3.3 wants a SAN
        if place.ca_file:
            context.load_verify_locations(place.ca_file)
        plain = socket.create_connection((address, place.port), timeout=seconds)
    except OSError as error:
        return Fetched(problem="unreachable", detail=error.strerror or str(error))
    secure = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    # A server that drips is shut out when the time is over; each wait alone would begin it anew.
    end = threading.Timer(until - time.monotonic(), _shut, [secure])
    end.daemon = True
    end.start()
    try:
        with secure:
            secure.do_handshake()
            fetched = _talk(host, secure)
    except ssl.SSLCertVerificationError as error:
        fetched = Fetched(problem="certificate", detail=error.verify_message)
    except (OSError, ValueError) as error:
        fetched = Fetched(problem="unreachable", detail=str(error) or "it did not answer in time")
    except http.client.HTTPException as error:
        fetched = Fetched(problem="no-http", detail=type(error).__name__)
    finished = end.finished.is_set()
    end.cancel()
    return Fetched(problem="unreachable", detail="it did not end in time") if finished else fetched


def _shut(sock: ssl.SSLSocket) -> None:
    try:
        # Not that of SSLSocket, which would let the other thread read on without TLS.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return


def _talk(host: str, secure: ssl.SSLSocket) -> Fetched:
    connection = http.client.HTTPConnection(host)
    connection.sock = secure
    connection.request("GET", _PATH, headers={"Accept": "text/plain", "User-Agent": "smtpcheck"})
    answer = connection.getresponse()
    if 300 <= answer.status < 400:
        return Fetched(problem="redirect", detail=f"HTTP {answer.status}")
    if answer.status != 200:
        return Fetched(problem="status", detail=f"HTTP {answer.status}")
    body = answer.read(LARGEST + 1)
    if len(body) > LARGEST:
        return Fetched(problem="too-large", detail=f"more than {LARGEST} octets")
    if answer.length:
        return Fetched(problem="no-http", detail="the answer was cut short")
    kind = (answer.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    return Fetched(body.decode("utf-8", "backslashreplace"), kind)

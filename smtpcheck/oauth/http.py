"""The way to an issuer: HTTPS with a verified certificate, bounded in size and time, without
redirects, netrc or cookies that anybody else could set.

A proxy is used where the environment names one (`HTTPS_PROXY`, `NO_PROXY`), as other programs do;
never for this machine itself.
"""

from __future__ import annotations

import re
import ssl
import time
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from smtpcheck.model.token import TokenUnavailableError
from smtpcheck.oauth.refusal import EXTRA, no_issuer, plain, unreachable

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

LARGEST = 256 * 1024
"""Bytes of an answer; metadata of real issuers have some 5 kB."""
PATIENCE = 10.0
"""Seconds that one wait for an issuer may take."""
_AROUND = re.compile(r"^.*(?:>: |\): |\[Errno -?\d+\] )", re.DOTALL)
"""What the packages put before the system's words, as text: the object, the number."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Clock:
    """How long an exchange with the issuer may still take."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self._end - time.monotonic())


def checked_url(url: object, what: str) -> str:
    """The URL, when a secret may be sent to it: https, or http on this machine. Raises
    TokenUnavailableError."""
    if not isinstance(url, str) or not url.isascii() or any(c <= " " for c in url):
        raise no_issuer(f"the issuer's metadata names no usable {what}")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not host or not safe or parts.username or parts.fragment:
        raise no_issuer(f"the {what} is not an https:// URL")
    return url


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its very name."""
    return host in _LOOPBACK or host.startswith("127.")


def new_session(clock: Clock, ca_file: str, **settings: Any) -> OAuth2Session:
    """An OAuth session whose every exchange is bounded. Raises TokenUnavailableError where the
    packages are not installed or the CA file cannot be read."""
    try:
        from authlib.integrations.requests_client import OAuth2Session
    except ImportError:
        raise TokenUnavailableError(
            "getting a token needs packages that are not installed",
            "oauth-extra-missing",
            (f"install them: {EXTRA}",),
        ) from None
    session = OAuth2Session(**settings)
    session.trust_env = False
    session.headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    session.mount("https://", _adapter(clock, _tls(ca_file)))
    session.mount("http://", _adapter(clock, None))
    return session


def _tls(ca_file: str) -> ssl.SSLContext:
    """The system's store, and besides it the CA file of the profile: a company's own CA vouches for
    its mail server, seldom for a public issuer."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            words = getattr(error, "strerror", "") or "it holds no certificate"
            raise unreachable(f"tls.ca_file {ca_file} cannot be used: {words}") from None
    return context


def _adapter(clock: Clock, context: ssl.SSLContext | None) -> Any:
    from requests import PreparedRequest, Response
    from requests.adapters import HTTPAdapter
    from requests.exceptions import RequestException
    from requests.utils import get_environ_proxies
    from urllib3.exceptions import HTTPError

    class Bounded(HTTPAdapter):
        """Sends one request and reads one bounded answer."""

        def init_poolmanager(self, *args: Any, **more: Any) -> None:
            super().init_poolmanager(*args, ssl_context=context, **more)

        def proxy_manager_for(self, proxy: Any, **more: Any) -> Any:
            return super().proxy_manager_for(proxy, ssl_context=context, **more)

        def cert_verify(self, conn: Any, *_: Any) -> None:
            # The context holds what is trusted; requests would add a store of its own.
            conn.cert_reqs = "CERT_REQUIRED"

        def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
            url = checked_url(request.url, "address")
            host = urlsplit(url).hostname or ""
            left = min(PATIENCE, clock.remaining())
            if left <= 0:
                raise unreachable(f"no time is left to ask {host}")
            proxies = {} if is_loopback(host) else get_environ_proxies(url)
            try:
                response = super().send(
                    request, stream=True, timeout=(left, left), verify=True, proxies=proxies
                )
                try:
                    body = _read(response.raw, clock, host)
                finally:
                    response.raw.close()
            except (RequestException, HTTPError, OSError) as error:
                raise unreachable(f"{host} cannot be asked: {_words(error)}") from None
            if 300 <= response.status_code < 400:
                raise no_issuer(f"{host} redirects to another address", response.status_code)
            response.raw = BytesIO(body)
            return response

    return Bounded()


def _read(raw: Any, clock: Clock, host: str) -> bytes:
    body = bytearray()
    # What there is, not a whole piece: a server may send byte by byte (urllib3 before 2.1 cannot).
    read = getattr(raw, "read1", raw.read)
    while piece := read(8_192, decode_content=True):
        body += piece
        if len(body) > LARGEST:
            raise no_issuer(f"{host} sends more than an issuer's answer can be")
        if not clock.remaining():
            raise unreachable(f"{host} did not come to an end in time")
    return bytes(body)


def _words(error: BaseException) -> str:
    """The innermost reason: the layers around it repeat each other."""
    seen: BaseException = error
    for _ in range(8):
        inner = getattr(seen, "reason", None) or next(
            (each for each in seen.args if isinstance(each, BaseException)), None
        )
        if not isinstance(inner, BaseException):
            break
        seen = inner
    kind = type(seen).__name__
    if isinstance(seen, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({plain(seen.verify_message)})"
    if "Timeout" in kind:
        return "it did not answer in time"
    if "NameResolution" in kind or kind == "gaierror":
        return "its name cannot be resolved"
    said = getattr(seen, "strerror", None) or _AROUND.sub("", str(seen))
    return plain(said or kind)

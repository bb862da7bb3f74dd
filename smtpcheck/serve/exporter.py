"""The exporter: which page answers what, and how it begins and ends."""

from __future__ import annotations

import socket
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from smtpcheck.model.plan import Plan
from smtpcheck.model.value import dataclass
from smtpcheck.serve import systemd
from smtpcheck.serve.gate import Gate
from smtpcheck.serve.held_logins import HeldLogins
from smtpcheck.serve.listening import Place, is_loopback, listen, url_of
from smtpcheck.serve.log import Log
from smtpcheck.serve.message import Request, Response, plain
from smtpcheck.serve.own_metrics import OwnMetrics
from smtpcheck.serve.pages import Pages
from smtpcheck.serve.probe_page import ProbePage, ProbeWishes
from smtpcheck.serve.prober import Prober
from smtpcheck.serve.profiles import Profiles
from smtpcheck.serve.room import connections_for
from smtpcheck.serve.server import Door, Server
from smtpcheck.serve.web_access import WebAccess

GRACE = 5.0
"""Seconds that running probes have when the exporter ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What `smtpcheck serve` was told."""

    targets: Sequence[str]
    places: Sequence[Place]
    plan: Plan
    wishes: ProbeWishes
    web_config: Path | None = None
    at_once: int = 8
    hold: float = 3600.0
    lifecycle: bool = False
    """Whether `/-/reload` is there."""


class Exporter:
    """Made, it has read everything; started, it listens."""

    def __init__(self, settings: Settings, log: Log) -> None:
        """Raises UsageError for what cannot be served."""
        self._settings = settings
        self._log = log
        self._metrics = OwnMetrics()
        self._profiles = Profiles(settings.targets, settings.plan, self._profile_read)
        self._access = WebAccess(settings.web_config, self._access_read)
        gate = Gate(settings.at_once)
        held = HeldLogins(settings.hold)
        prober = Prober(gate, held)
        pages = Pages(self._profiles, debug=settings.wishes.debug)
        self._ready = False
        self._server: Server | None = None
        self._routes: dict[str, Callable[[Request], Response]] = {
            "/": pages.front,
            "/probe": ProbePage(self._profiles, prober, self._metrics, log, settings.wishes),
            "/metrics": self._own,
            "/targets": pages.targets,
            "/-/healthy": lambda _: plain(200, "smtpcheck is healthy"),
            "/-/ready": self._is_ready,
        }
        if settings.lifecycle:
            self._routes["/-/reload"] = self._reload_asked
        self._ask_at_each_scrape(gate, held)

    def start(self) -> list[str]:
        """Listens, and returns the URLs. Raises UsageError."""
        listeners = listen(self._settings.places)
        most = connections_for(self._settings.at_once)
        door = Door(
            answer=self._answer,
            tls=self._access.context,
            allowed=self._access.allows,
            fault=self._fault,
            turned_away=self._metrics.turned_away.inc,
        )
        scheme = "https" if self._access.config.tls is not None else "http"
        urls = [url_of(each, scheme) for each in listeners]
        self._warn(listeners)
        self._server = Server(listeners, door, most=most)
        self._server.start()
        self._ready = True
        for url in urls:
            self._log.info("listening", url=url, profiles=len(self._profiles.names))
        systemd.notify("READY=1")
        return urls

    def reload(self) -> bool:
        """Reads all files again. Returns whether all could be used."""
        systemd.notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        good = self._profiles.reload()
        self._access.refresh()
        good = good and not self._access.is_broken
        (self._log.info if good else self._log.error)("configuration read again", ok=str(good))
        systemd.notify("READY=1")
        return good

    def stop(self) -> None:
        """Takes no more requests, and lets those that run come to their end for some seconds."""
        systemd.notify("STOPPING=1")
        self._ready = False
        if self._server is not None and not self._server.stop(GRACE):
            self._log.warning("ended with probes that were still running")

    def _answer(self, request: Request) -> Response:
        """One request, counted by its page: a path that is none has one name for all."""
        page = request.path if request.path in self._routes else "other"
        response = self._access.refusal(request) or self._page(request, page)
        self._metrics.requests.labels(page, str(response.status)).inc()
        if self._access.headers:
            headers = {**response.headers, **self._access.headers}
            return Response(response.status, response.body, response.content_type, headers)
        return response

    def _page(self, request: Request, page: str) -> Response:
        route = self._routes.get(page)
        if route is None:
            return plain(404, "there is no such page: see /")
        allowed = ("POST", "PUT") if page == "/-/reload" else ("GET", "HEAD")
        if request.method not in allowed:
            return plain(405, "not by this method", {"Allow": ", ".join(allowed)})
        return route(request)

    def _own(self, request: Request) -> Response:
        self._profiles.jobs()  # a file that broke is told even where nobody asks for its probe
        return self._metrics.page(request.headers.get("accept", ""))

    def _is_ready(self, _request: Request) -> Response:
        ready = self._ready
        return plain(200 if ready else 503, "smtpcheck is ready" if ready else "not ready")

    def _reload_asked(self, _request: Request) -> Response:
        if self.reload():
            return plain(200, "read again")
        return plain(500, "a file cannot be used: the log says which; the old settings stay")

    def _warn(self, listeners: Sequence[socket.socket]) -> None:
        config = self._access.config
        for note in config.notes:
            self._log.info("web configuration", note=note)
        open_ = [each for each in listeners if not is_loopback(each)]
        lacking = [
            word
            for word, there in (
                ("TLS", config.tls is not None),
                ("authentication", bool(config.users) or _by_certificate(config.tls)),
            )
            if not there
        ]
        if open_ and lacking:
            self._log.warning(
                f"others on the network can reach this exporter, without {' and '.join(lacking)}: "
                "see --web.config.file"
            )

    def _ask_at_each_scrape(self, gate: Gate, held: HeldLogins) -> None:
        own = "smtpcheck_exporter_"
        asked: Mapping[str, tuple[str, Callable[[], float]]] = {
            f"{own}probes_in_flight": ("Probes that run now.", lambda: gate.inside),
            f"{own}probes_waiting": ("Requests that wait for their turn.", lambda: gate.waiting),
            f"{own}held_logins": (
                "Logins that were refused and are not tried again for now.",
                lambda: held.count,
            ),
            f"{own}profiles": ("Profiles that are served.", lambda: len(self._profiles.names)),
            f"{own}connections": (
                "Connections that are open.",
                lambda: self._server.open_connections if self._server else 0,
            ),
            "smtpcheck_config_last_reload_successful": (
                "Whether the files of profiles and web configuration are used as they are now.",
                lambda: float(not self._profiles.faults and not self._access.is_broken),
            ),
            "smtpcheck_config_last_reload_success_timestamp_seconds": (
                "When the files of the profiles were last found to be usable.",
                lambda: self._profiles.read_at,
            ),
        }
        for name, (help_, value) in asked.items():
            self._metrics.ask(name, help_, value)

    def _profile_read(self, name: str, fault: str) -> None:
        if fault:
            self._log.error("profile not read: its last good settings stay", target=name, why=fault)
        else:
            self._log.info("profile read again", target=name)

    def _access_read(self, fault: str) -> None:
        if fault:
            self._log.error("web configuration not read: the last good one stays", why=fault)
        else:
            self._log.info("web configuration read again")

    def _fault(self, error: Exception) -> None:
        """A defect of ours: where it happened, without the values of variables."""
        self._metrics.defects.inc()
        frames = traceback.extract_tb(error.__traceback__)
        where = " < ".join(f"{each.name}:{each.lineno}" for each in reversed(frames[-4:]))
        self._log.error("this is a defect of smtpcheck", kind=type(error).__name__, where=where)


def _by_certificate(tls: object) -> bool:
    return getattr(tls, "client_auth_type", "") == "RequireAndVerifyClientCert"

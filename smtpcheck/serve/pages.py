"""The pages of the exporter besides `/probe`."""

from __future__ import annotations

import json
from html import escape as html_escape
from urllib.parse import quote

import smtpcheck
from smtpcheck.serve.message import Request, Response
from smtpcheck.serve.profiles import Profiles

_STYLE = "body{font-family:sans-serif;margin:2rem;max-width:60rem}td{padding:.2rem 1rem .2rem 0}"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


class Pages:
    """What shows which profiles there are."""

    def __init__(self, profiles: Profiles, *, debug: bool) -> None:
        self._profiles = profiles
        self._debug = debug

    def front(self, _request: Request) -> Response:
        """A page for people: a link for each profile."""
        rows = []
        for job in self._profiles.jobs():
            link = f"probe?target={quote(job.target, safe='')}"
            cells = [f'<a href="{link}">{html_escape(job.target)}</a>']
            cells.append(html_escape(job.loaded.profile.description))
            cells.append("" if job.loaded.profile.enabled else "disabled")
            if self._debug:
                cells.append(f'<a href="{link}&amp;debug=true">report</a>')
            rows.append("".join(f"<td>{cell}</td>" for cell in cells))
        table = "".join(f"<tr>{row}</tr>" for row in rows)
        body = (
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>smtpcheck</title>'
            f"<style>{_STYLE}</style></head><body><h1>smtpcheck {smtpcheck.__version__}</h1>"
            '<p><a href="metrics">metrics of the exporter</a>, '
            '<a href="targets">profiles for Prometheus</a></p>'
            f"<table>{table}</table></body></html>\n"
        )
        headers = {"Content-Security-Policy": _POLICY}
        return Response(200, body.encode(), "text/html; charset=utf-8", headers)

    def targets(self, _request: Request) -> Response:
        """The profiles for Prometheus' HTTP service discovery. A disabled one is left out."""
        groups = []
        for job in self._profiles.jobs():
            profile = job.loaded.profile
            if not profile.enabled:
                continue
            labels = {
                "__meta_smtpcheck_profile": job.target,
                "__meta_smtpcheck_host": profile.server.host or profile.server.socket,
                "__meta_smtpcheck_port": "" if profile.server.socket else str(profile.port),
                "__meta_smtpcheck_preset": profile.preset,
                # Between commas, so that `.*,mail,.*` finds a tag; as in Consul's discovery.
                "__meta_smtpcheck_tags": f",{','.join(profile.tags)}," if profile.tags else "",
            }
            groups.append({"targets": [job.target], "labels": labels})
        return Response(200, json.dumps(groups).encode(), "application/json")

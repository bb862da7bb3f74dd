"""What whoever signs in sees while `smtpcheck login` waits: the page, the code, the time left."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from smtpcheck.cli.terminal import can_redraw, style_for
from smtpcheck.report.escape import escape
from smtpcheck.report.rows import Role, paint, row

if TYPE_CHECKING:
    from smtpcheck.oauth.device import DeviceCode

_TICK = 1.0


class Waiting:
    """One sign-in, told on standard error. On a terminal its last line counts down."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._over = False
        self._drawn = False

    def show_code(self, code: DeviceCode) -> None:
        """What the user of the device flow is to do."""
        self._end = time.monotonic() + code.seconds
        self._say("to sign in, open this page, on any device")
        self._say(f"    {escape(code.url)}", Role.TITLE)
        self._say("and enter this code there")
        self._say(f"    {escape(code.code)}", Role.TITLE)
        self._say_how_long()

    def show_url(self, url: str, *, opens: bool, name: str) -> None:
        """Where the user of the browser flow signs in. `name` is the profile's."""
        how = "a browser opens this page; if none does, open it"
        self._say(how if opens else "to sign in, open this page in a browser on this machine")
        self._say(f"    {escape(url, limit=0)}")
        if not opens:
            self.tell_of_other_machines(url, name)
        self._say(f"waiting for at most {span(self._left())}; Ctrl-C stops")

    def tell_of_other_machines(self, url: str, name: str) -> None:
        """How a browser elsewhere can come back to here."""
        [back] = parse_qs(urlsplit(url).query).get("redirect_uri", [""])
        port = urlsplit(back).port
        self._say(f"from another machine, first: ssh -L {port}:127.0.0.1:{port} THIS-MACHINE")
        self._say(f"or by a code: smtpcheck profile set {name} auth.oauth.flow device")

    def wait(self, seconds: float) -> None:
        """Waits, and counts down where a line can be written over."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._draw()
            time.sleep(min(_TICK, left))

    def end(self) -> None:
        """Takes the line that counts down away."""
        self._over = True
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _draw(self) -> None:
        if self._over or not can_redraw(sys.stderr):
            return
        self._drawn = True
        whole = round(self._left())
        words = f"waiting: {whole // 60}:{whole % 60:02} left; Ctrl-C stops"
        sys.stderr.write(f"\r{words}\x1b[K")
        sys.stderr.flush()

    def _say_how_long(self) -> None:
        if not can_redraw(sys.stderr):
            self._say(f"waiting for at most {span(self._left())}; Ctrl-C stops")

    def _left(self) -> float:
        return max(0.0, self._end - time.monotonic())

    def _say(self, text: str, role: Role = Role.PLAIN) -> None:
        sys.stderr.write(paint([row((text, role))], style_for(sys.stderr)))
        sys.stderr.flush()


def span(seconds: float) -> str:
    """A time in its largest unit: `3 days`, `15 min`, `90 s`."""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds > 1.99 * size:
            return f"{round(seconds / size)} {unit}"
    return f"{round(seconds)} s"

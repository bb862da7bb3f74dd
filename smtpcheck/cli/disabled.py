"""The master switch of a profile, named by commands that work on a disabled one all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from smtpcheck.store.origin import LoadedProfile


def say_disabled(loaded: LoadedProfile | None) -> None:
    """Tells on stderr that nothing uses the profile before it is switched on."""
    if loaded is None or loaded.profile.enabled:
        return
    name = loaded.name or loaded.path
    typer.echo(
        f"note: the profile {name} is disabled: no probe and no message goes out by it, until "
        f"smtpcheck profile set {name} enabled true",
        err=True,
    )

"""`smtpcheck profile`: the life of a profile, from init to delete."""

from __future__ import annotations

from smtpcheck.cli import (
    profile_drafts,
    profile_edit,
    profile_init,
    profile_lint,
    profile_presets,
    profile_set,
    profile_show,
)
from smtpcheck.cli.command import Command, new_app

app = new_app("Make, show, change and check profiles.")

for _name, _function in (
    ("init", profile_init.init),
    ("list", profile_show.list_),
    ("show", profile_show.show),
    ("set", profile_set.set_),
    ("unset", profile_edit.unset),
    ("rename", profile_edit.rename),
    ("copy", profile_edit.copy),
    ("delete", profile_edit.delete),
    ("presets", profile_presets.presets),
    ("path", profile_show.path),
    ("lint", profile_lint.lint),
):
    app.command(_name, cls=Command)(_function)

app.add_typer(profile_drafts.app, name="drafts")

"""`smtpcheck profile`: the life of a profile, from init to delete."""

from __future__ import annotations

import typer

from smtpcheck.cli import profile_edit, profile_init, profile_lint, profile_show

app = typer.Typer(
    name="profile",
    help="Make, show, change and check profiles.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("init")(profile_init.init)
app.command("list")(profile_show.list_)
app.command("show")(profile_show.show)
app.command("set")(profile_edit.set_)
app.command("unset")(profile_edit.unset)
app.command("rename")(profile_edit.rename)
app.command("copy")(profile_edit.copy)
app.command("delete")(profile_edit.delete)
app.command("presets")(profile_show.presets)
app.command("path")(profile_show.path)
app.command("lint")(profile_lint.lint)

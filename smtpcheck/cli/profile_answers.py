"""What is known of a new profile so far, from flags and answers, and what is still missing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from smtpcheck.model.errors import Problem, ProfileError, UsageError
from smtpcheck.model.profile import TOKEN_METHODS
from smtpcheck.model.target import PROFILE_NAME

if TYPE_CHECKING:
    from smtpcheck.model.preset import Preset
    from smtpcheck.model.secret import Secret
    from smtpcheck.store.drafts import Wanted

FLAGS = {
    "preset": "--preset",
    "server.host": "--host",
    "server.port": "--port",
    "server.security": "--security",
    "auth.username": "--username",
    "sender.address": "--from",
    "sender.name": "--from-name",
    "test.to": "--to",
}
"""The flag of each key that has one of its own; any other is `--set KEY=VALUE`."""
NEED_USERNAME = ("address", "local-part", "key", "domain-or-address")
NO_PASSWORD = ("none", "external")
_COMMAND_LINE = "command line"


@dataclass(slots=True)
class Answers:
    """What a new profile is to hold."""

    name: str = ""
    region: str = ""
    raw: dict[str, Any] = field(default_factory=dict)
    """Values by full key, as the file is to hold them."""
    force: bool = False
    """An existing profile may be replaced."""
    no_password: bool = False
    """The answer was: kept nowhere."""
    name_follows: bool = False
    """The name is that of the preset or host: nobody has said another."""
    asked: bool = False
    """There is somebody who answers."""
    asked_password: bool = False
    """The password has been asked for."""
    secrets: dict[str, Secret] = field(default_factory=dict)
    """By the key that names its place, until the profile is saved."""
    draft_name: str = ""
    """The draft that is gone on with."""
    draft: dict[str, Any] = field(default_factory=dict)
    """What was typed another time and has not been asked for again yet, by full key."""

    @property
    def preset(self) -> Preset | None:
        """The preset to start from."""
        from smtpcheck.store.presets import load_preset

        name = self.raw.get("preset", "")
        return load_preset(name) if name else None

    def value(self, key: str) -> Any:
        """What the profile will use: as answered, else as the preset says; None for neither."""
        if key in self.raw:
            return self.raw[key]
        preset = self.preset
        found: Any = preset.settings if preset else {}
        for word in key.split("."):
            found = found.get(word) if isinstance(found, Mapping) else None
        return found

    @property
    def wants_password(self) -> bool:
        """Whether the profile will log in with a password, or a token kept like one."""
        method = self.raw.get("auth.method", "auto")
        named = bool(self.raw.get("auth.username")) and method not in NO_PASSWORD
        return named and not self.gets_token

    @property
    def gets_token(self) -> bool:
        """Whether `smtpcheck login` is to get the token: an application is named for it."""
        app = self.raw.get("auth.oauth.client_id") or self.raw.get("auth.oauth.key_file")
        method = self.value("auth.method") or "auto"
        return bool(app) and "auth.password" not in self.raw and method in ("auto", *TOKEN_METHODS)

    def tables(self) -> dict[str, Any]:
        """The answers as the nested tables of a file."""
        from smtpcheck.store.keys import nested_values

        return nested_values(self.raw)

    def wanted(self) -> Wanted:
        """The answers, and what was typed another time, as a draft keeps them."""
        from smtpcheck.store.drafts import Wanted
        from smtpcheck.store.keys import nested_values

        return Wanted(
            tables=nested_values(self.draft | self.raw),
            name="" if self.name_follows else self.name,
            force=self.force,
            own=self.draft_name,
        )

    def draft_base(self) -> str:
        """What a draft of the answers is called, but for a number."""
        return self.name or self.free_name() or "unnamed"

    def complete(self, *, password: bool = True) -> None:
        """Fills in what follows from the rest: the region's host, the preset's fixed user name,
        the sender from the login, and, with `password`, the keyring as its place."""
        preset = self.preset
        self.take_region()
        if preset is not None and preset.username_literal:
            self.raw.setdefault("auth.username", preset.username_literal)
        username = self.raw.get("auth.username", "")
        if "sender.address" not in self.raw and is_address(username):
            self.raw["sender.address"] = username
        if password and self.wants_password and not self.no_password:
            self.raw.setdefault("auth.password", {"keyring": True})
        if not self.name:
            self.name, self.name_follows = self.free_name(), True

    def take_region(self) -> None:
        """Sets the host that the region has. Raises UsageError for an unknown region."""
        from smtpcheck.store.presets import preset_settings

        preset = self.preset
        if not self.region or "server.host" in self.raw:
            return
        if preset is None:
            raise UsageError("--region belongs to a preset with regions", ("add --preset ses",))
        self.raw["server.host"] = preset_settings(preset, region=self.region)["server"]["host"]

    def free_name(self) -> str:
        """The name of the preset, else the host; empty when that is taken or no name."""
        preset = self.raw.get("preset", "")
        wanted = preset or str(self.raw.get("server.host", ""))
        return wanted if PROFILE_NAME.match(wanted) and not is_taken(wanted) else ""

    def missing(self) -> list[str]:
        """What must still be said, each as a flag with its meaning."""
        preset, found = self.preset, []
        if not self.value("server.host") and "server.socket" not in self.raw:
            if preset is None:
                found.append(f"{self._preset_option()} or --host HOST: provider, or server")
            elif preset.host_template:
                found.append(f"--region REGION: one of {', '.join(preset.regions)}")
            else:
                found.append("--host HOST: name or address of the server")
        no_login = self.raw.get("auth.method") in NO_PASSWORD
        needs_user = preset is not None and preset.username_form in NEED_USERNAME
        if needs_user and not no_login and not self.raw.get("auth.username"):
            found.append("--username USER: who logs in")
        if not self.value("sender.address"):
            unless = ", unless USER is an address" if found and "USER" in found[-1] else ""
            found.append(f"--from ADDRESS: whose mail it is{unless}")
        if not self.name and self.value("server.host"):
            found.append("NAME: what the profile is called (no free name follows from the rest)")
        return found

    def _preset_option(self) -> str:
        """A profile may be called like a preset; that alone does not make it one."""
        from smtpcheck.store.presets import preset_names

        return f"--preset {self.name if self.name in preset_names() else 'NAME'}"

    def command(self) -> str:
        """The command that makes this profile again, without questions."""
        from smtpcheck.report.escape import shell_quoted
        from smtpcheck.store.toml_text import inline

        words = ["smtpcheck", "profile", "init", self.name]
        for key, value in self.raw.items():
            if key == "server.host" and self.region:
                words += ["--region", self.region]
            elif key == "test.to":
                words += [word for each in value for word in ("--to", each)]
            elif key in FLAGS:
                words += [FLAGS[key], str(value)]
            elif value != {"keyring": True}:
                words += ["--set", f"{key}={inline(value)}"]
        if self.force:
            words.append("--force")
        return " ".join(shell_quoted(word) for word in words if word)


def collect(name: str, region: str, overrides: Mapping[str, str], *, force: bool) -> Answers:
    """The answers that flags give, by full key. Raises ProfileError with all that are wrong."""
    from smtpcheck.store.layers import layer_of_overrides
    from smtpcheck.store.presets import load_preset

    layer = layer_of_overrides(overrides)
    problems = list(layer.problems)
    region_counts = bool(region)
    raw = {key: layer.raw[key] for key in layer.raw if key in layer.values}
    if raw.get("preset"):
        try:
            load_preset(raw["preset"])
        except UsageError as error:
            problems.append(_flag_problem("preset", raw.pop("preset"), error))
            region_counts = False  # whose regions are meant is not known
    answers = Answers(name, region, raw, force)
    try:
        if region_counts:
            answers.take_region()
    except UsageError as error:
        problems.append(_flag_problem("--region", region, error))
    if problems:
        raise ProfileError(problems)
    return answers


def password_text(
    env: str | None, file: str | None, command: str | None, *, stdin: bool
) -> str | None:
    """The inline table that the password flags mean; None without any. Raises UsageError for
    more than one."""
    import shlex

    given = [
        flag
        for flag, value in (
            ("--password-env", env),
            ("--password-file", file),
            ("--password-command", command),
            ("--password-stdin", stdin or None),
        )
        if value is not None
    ]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} exclude each other", ("give one of them",))
    if env is not None:
        return f"{{env = {quoted(env)}}}"
    if file is not None:
        return f"{{file = {quoted(file)}}}"
    if command is not None:
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise UsageError(f"--password-command cannot be split into words: {error}") from None
        return f"{{command = {array(words)}}}"
    return "{keyring = true}" if stdin else None


def quoted(text: str) -> str:
    """The text as a TOML string."""
    return json.dumps(text, ensure_ascii=False)


def array(texts: Sequence[str]) -> str:
    """The texts as a TOML array."""
    return f"[{', '.join(quoted(each) for each in texts)}]"


def is_address(text: str) -> bool:
    """Whether a login can be a sender too."""
    local, _, domain = text.rpartition("@")
    return bool(local) and "." in domain


def is_taken(name: str) -> bool:
    """Whether there is a profile of that name."""
    from smtpcheck.store.paths import profile_path

    path = profile_path(name)
    return path.exists() or path.is_symlink()


def _flag_problem(key: str, found: str, error: UsageError) -> Problem:
    from smtpcheck.store.wrong_value import shown

    help_ = "; ".join(error.help)
    return Problem(_COMMAND_LINE, 0, key, shown(found), "", error.message, help_)

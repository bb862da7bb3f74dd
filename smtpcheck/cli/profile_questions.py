"""The questions of `profile init`: each with a default, each wrong answer asked again with the
reason."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from smtpcheck.cli.ask import Asker, WrongAnswerError, ask, choose
from smtpcheck.cli.profile_answers import NEED_USERNAME, Answers, array, is_address, is_taken
from smtpcheck.cli.profile_answers import quoted as toml_quoted
from smtpcheck.model.profile import DEFAULT_PORTS, security_for_port

_SOURCES = ("keyring", "env", "file", "command", "none")


def ask_all(asker: Asker, answers: Answers) -> None:
    """Asks for what the flags left open; answers are kept as they come, and are the
    defaults another time. Flags that say enough leave one question: the password."""
    if _say_enough(answers):
        answers.complete(password=False)
        _ask_for_password(asker, answers)
        return
    by_flag = "preset" in answers.raw
    if not {"preset", "server.host", "server.socket"} & answers.raw.keys():
        _ask_preset(asker, answers)
    if "server.socket" not in answers.raw:
        _ask_server(asker, answers, known=by_flag)
    ask_name(asker, answers)
    _ask_login(asker, answers)
    _ask_mail(asker, answers)


def _say_enough(answers: Answers) -> bool:
    trial = replace(answers, raw=dict(answers.raw))
    trial.complete()
    return not trial.missing()


def check_key(key: str) -> Callable[[str], Any]:
    """Checks an answer as the value of a key, and returns it as a file holds it."""

    def check(text: str) -> Any:
        from smtpcheck.store.layers import layer_of_overrides

        layer = layer_of_overrides({key: text})
        for problem in layer.problems:
            lines = [problem.message, f"allowed: {problem.allowed}" if problem.allowed else ""]
            raise WrongAnswerError("\n".join(filter(None, [*lines, problem.suggestion])))
        return layer.raw[key]

    return check


def _needed(key: str) -> Callable[[str], Any]:
    def check(text: str) -> Any:
        if not text:
            raise WrongAnswerError("this cannot be left out")
        return check_key(key)(text)

    return check


def _ask_preset(asker: Asker, answers: Answers) -> None:
    from smtpcheck.cli.preset_choice import OTHER, choose_preset
    from smtpcheck.store.presets import preset_names

    names = preset_names()
    known = (answers.draft.get("preset"), answers.name)
    default = next((name for name in known if name in names), OTHER)
    found, address = choose_preset(asker, default)
    if found != answers.draft.pop("preset", OTHER):  # the server was that of another provider
        for key in [key for key in answers.draft if key.startswith("server.")]:
            del answers.draft[key]
    if found != OTHER:
        answers.raw["preset"] = found
    if address:
        answers.draft.setdefault("auth.username", address)


def ask_name(asker: Asker, answers: Answers) -> None:
    """Asks what the profile is to be called, unless it has a name."""
    if answers.name:
        return

    def check(text: str) -> str:
        from smtpcheck.model.errors import UsageError
        from smtpcheck.store.paths import profile_path

        if not text:
            raise WrongAnswerError("the profile needs a name")
        try:
            profile_path(text)
        except UsageError as error:
            raise WrongAnswerError("\n".join((error.message, *error.help))) from None
        if is_taken(text) and not answers.force:
            raise WrongAnswerError(f"there is a profile {text} already")
        return text

    usual = answers.free_name()
    answers.name = ask(asker, "Name of the profile", usual, check)
    answers.name_follows = answers.name == usual


def _ask_server(asker: Asker, answers: Answers, *, known: bool) -> None:
    """Asks where the server is. `known`: a flag named the preset, so what it says is taken."""
    preset = answers.preset
    raw = answers.raw
    if preset and preset.host_template and "server.host" not in raw:
        asker.say(f"Regions: {', '.join(preset.regions)}")
        regions = preset.regions
        before = answers.draft.get("server.host", "")
        default = next((each for each in regions if each in before), "")
        answers.region = choose(asker, "Region", regions, default)
        answers.draft.pop("server.host", None)
        answers.take_region()
    if known and answers.value("server.host"):
        return
    _ask_key(asker, answers, "server.host", "Mail server", needed=True)
    if preset is None:
        _recognise(asker, answers)
    usual = security_for_port(raw.get("server.port", 0))
    _ask_key(asker, answers, "server.security", "Security (starttls, tls, none)", usual)
    _ask_key(asker, answers, "server.port", "Port", _usual_port(answers))


def _recognise(asker: Asker, answers: Answers) -> None:
    """A host that belongs to a provider brings the provider's preset."""
    from smtpcheck.store.presets import preset_for_host

    found = preset_for_host(answers.raw["server.host"])
    if found is not None:
        asker.say(f"  this is a server of {found.title}: taking the preset {found.name}")
        answers.raw = {"preset": found.name, **answers.raw}


def _usual_port(answers: Answers) -> str:
    security = answers.value("server.security")
    preset = answers.preset
    ways = [preset.settings.get("server", {}), *preset.alternatives] if preset else []
    for way in ways:
        if isinstance(way, Mapping) and way.get("security") == security and way.get("port"):
            return str(way["port"])
    return str(DEFAULT_PORTS.get(security, 587))


def _ask_key(
    asker: Asker,
    answers: Answers,
    key: str,
    question: str,
    default: str = "",
    *,
    needed: bool = False,
) -> None:
    """Asks for one key unless a flag gave it; what the preset says anyway is not written."""
    if key in answers.raw:
        return
    of_preset = answers.value(key)
    own = default if key == "server.port" else ""
    usual = answers.draft.get(key) or own or of_preset or default
    shown = ", ".join(usual) if isinstance(usual, list) else str(usual)
    check = _needed(key) if needed else check_key(key)
    found = ask(asker, question, shown, lambda text: check(text) if text or needed else None)
    answers.draft.pop(key, None)
    if found is not None and found not in (of_preset, "", []):
        answers.raw[key] = found


def _ask_login(asker: Asker, answers: Answers) -> None:
    preset, raw = answers.preset, answers.raw
    if raw.get("auth.method") == "none" or (preset and preset.username_form == "none"):
        return
    if "auth.username" not in raw:
        literal = preset.username_literal if preset else ""
        needed = preset is not None and preset.username_form in NEED_USERNAME
        words = "User name" if needed or literal else "User name (empty: no login)"
        _ask_key(asker, answers, "auth.username", words, literal, needed=needed)
    _ask_for_password(asker, answers)


def _ask_for_password(asker: Asker, answers: Answers) -> None:
    preset = answers.preset
    if answers.wants_password and "auth.password" not in answers.raw:
        if preset and preset.password_kind:
            asker.say(f"Password at this provider: {preset.password_kind}")
        _ask_password(asker, answers)


def _ask_password(asker: Asker, answers: Answers) -> None:
    """Asks where the password is until the place is one that can be used."""
    kept = answers.draft.get("auth.password")
    default = next(iter(kept), "keyring") if isinstance(kept, Mapping) else "keyring"
    while True:
        source = choose(
            asker,
            "Where is the password kept (keyring, env, file, command, none)",
            _SOURCES,
            default,
        )
        answers.no_password = source == "none"
        answers.draft.pop("auth.password", None)
        if answers.no_password:
            return
        if source != "keyring":
            answers.raw["auth.password"] = _ask_place(asker, source)
            return
        answers.raw["auth.password"] = {"keyring": True}
        reason = _fill_keyring(asker, answers)
        if not reason:
            return
        asker.say(f"  {reason}")
        default = "env"
        del answers.raw["auth.password"]


def _ask_place(asker: Asker, source: str) -> Any:
    check = check_key("auth.password")

    def table(text: str) -> Any:
        if not text:
            raise WrongAnswerError("this cannot be left out")
        if source != "command":
            return check(f"{{{source} = {toml_quoted(text)}}}")
        try:
            return check(f"{{command = {array(shlex.split(text))}}}")
        except ValueError as error:
            raise WrongAnswerError(f"this cannot be split into words: {error}") from None

    words = {
        "env": ("Name of the environment variable", "SMTP_PASSWORD"),
        "file": ("Path of the file", ""),
        "command": ("Command that prints it on its first line", ""),
    }
    question, default = words[source]
    return ask(asker, question, default, table)


def _fill_keyring(asker: Asker, answers: Answers) -> str:
    """Asks for the password that the keyring gets once it is proved; why the keyring cannot be
    used, or nothing."""
    from smtpcheck.cli.ask import new_secret
    from smtpcheck.model.secret import Secret, SecretUnavailableError
    from smtpcheck.store.secrets import PASSWORD_KEY, holds_secret

    user = answers.raw["auth.username"]
    try:
        there = holds_secret(answers.name, user)
    except SecretUnavailableError as error:
        return error.reason
    hint = "empty: keep the one that is there" if there else "empty: later"
    value = new_secret(asker, f"Password of {user} ({hint})")
    answers.asked_password = True
    if value is not None:
        answers.secrets[PASSWORD_KEY] = Secret(value)
    return ""


def _ask_mail(asker: Asker, answers: Answers) -> None:
    username = answers.raw.get("auth.username", "")
    own = username if is_address(username) else ""
    _ask_key(asker, answers, "sender.address", "Sender's address", own, needed=True)
    _ask_key(asker, answers, "sender.name", "Sender's name (may be empty)")
    words = "Test messages go to (addresses, or self; may be empty)"
    _ask_key(asker, answers, "test.to", words)

"""What was discovered made into a profile: by the same path as `profile init`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

from smtpcheck.model.discovery import Candidate, Discovery, Proof, Subject, Vouching
from smtpcheck.model.errors import UsageError
from smtpcheck.model.stage import ExitCode
from smtpcheck.model.value import dataclass

if TYPE_CHECKING:
    from smtpcheck.cli.ask import Asker
    from smtpcheck.cli.profile_answers import Answers

_MODES = {"tls": "TLS from the first byte", "starttls": "STARTTLS"}
_NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """How a profile is to be made."""

    name: str
    """Empty: nobody asked for a profile."""
    accept: str
    """A server that the user vouches for, in ASCII form and lower case."""
    password: str
    """The inline table that says where it is kept; empty: not said."""
    settings: Mapping[str, str]
    """What the profile needs besides, by key."""
    force: bool
    probe: bool
    resolver: str


def accepted(text: str) -> str:
    """The host of `--accept` in the form of a candidate's. Raises UsageError."""
    from smtpcheck.store import host_names
    from smtpcheck.store.wrong_value import WrongValueError, shown

    try:
        return host_names.host(text).lower() if text else ""
    except WrongValueError as error:
        raise UsageError(f"--accept {shown(text)} {error.reason}", [f"give {error.allowed}"]) from (
            None
        )


def settings_of_environment() -> dict[str, str]:
    """The settings of a discovery that `SMTPCHECK_*` variables hold. Raises UsageError where one
    asks for a proxy: a discovery would go around it."""
    from smtpcheck.api.discovering import SETTINGS
    from smtpcheck.store.keys import KEYS

    proxies = sorted(name for name in os.environ if name.startswith("SMTPCHECK_PROXY_"))
    if proxies:
        raise UsageError(
            f"{proxies[0]} asks for a proxy, and a discovery goes through none",
            [f"leave it out for this run: env -u {proxies[0]} smtpcheck discover ..."],
        )
    variables = {key: KEYS[key].variable for key in SETTINGS}
    return {key: os.environ[name] for key, name in variables.items() if os.environ.get(name)}


def check_name(offering: Offering, subject: Subject) -> None:
    """Raises UsageError, before anybody is asked, for a profile that cannot be made."""
    from smtpcheck.cli.profile_init import refuse_taken
    from smtpcheck.store.paths import profile_path

    if not offering.name:
        wishes = {
            "--accept": offering.accept,
            "--force": offering.force,
            "a password": offering.password,
        }
        useless = next((word for word, given in wishes.items() if given), "")
        if useless:
            raise UsageError(f"{useless} is for a profile that is saved", ["add --save NAME"])
        return
    profile_path(offering.name)
    refuse_taken(offering.name, force=offering.force)
    if not subject.address:
        raise UsageError(
            "--save needs the whole address: the profile logs in and sends as somebody",
            [f"smtpcheck discover NAME@{subject.shown_domain} --save {offering.name}"],
        )


def command_for(found: Discovery, offering: Offering) -> str:
    """The command that makes the profile of the best by hand; empty where there is none."""
    if found.best is None:
        return ""
    return answers_for(found.best, found.subject, offering).command()


def answers_for(best: Candidate, subject: Subject, offering: Offering) -> Answers:
    """The profile of a candidate as answers to the questions of `profile init`."""
    from smtpcheck.cli.profile_answers import collect

    given = {**_server(best), **offering.settings}
    username = best.username or ("" if best.preset else subject.address)
    if username:
        given["auth.username"] = username
    if offering.password:
        given["auth.password"] = offering.password
    if subject.address:
        given["sender.address"] = subject.address
    return collect(offering.name, "", given, force=offering.force)


def _server(best: Candidate) -> dict[str, str]:
    """Host, port and mode, as far as the preset does not say them."""
    from smtpcheck.store.presets import load_preset

    server = {
        "server.host": best.host,
        "server.port": str(best.port),
        "server.security": best.security,
    }
    if not best.preset:
        return server
    table = load_preset(best.preset).settings.get("server")
    said = table if isinstance(table, Mapping) else {}
    known = {f"server.{key}": str(value) for key, value in said.items()}
    if known.get("server.host") == best.host:
        del server["server.host"]
    if all(known.get(key) == server[key] for key in ("server.port", "server.security")):
        del server["server.port"], server["server.security"]
    return {"preset": best.preset, **server}


def save_best(found: Discovery, offering: Offering) -> int:
    """Saves without a question. It logs in only where the user named the server, or where a preset
    vouches for it and the user gave a password. Raises UsageError where nobody vouches."""
    from smtpcheck.cli.profile_init import finish
    from smtpcheck.cli.profile_save import Proving

    best = _wanted(found, offering)
    chosen = best.host == offering.accept
    if best.needs_word and not chosen:
        raise UsageError(
            f"{best.host} lies outside of {found.subject.shown_domain}, and nobody vouches for it",
            ["ask the provider whether it is right", f"then take it: --accept {best.host}"],
        )
    gave_secret = bool(offering.password or os.environ.get("SMTPCHECK_PASSWORD"))
    login = chosen or (best.vouching is Vouching.PRESET and gave_secret)
    if offering.probe and gave_secret and not login:
        _note(f"not logged in: no preset vouches for {best.host}, and --accept does not name it")
    answers = answers_for(best, found.subject, offering)
    proving = Proving(probe=offering.probe and login, resolver=offering.resolver)
    return _as_code(finish(answers, None, proving))


def _wanted(found: Discovery, offering: Offering) -> Candidate:
    """The best, or the best at the server that the user named. Raises UsageError."""
    if found.best is None:
        raise RuntimeError("there is nothing to save")
    if not offering.accept:
        return found.best
    there = [each for each in found.candidates if each.host == offering.accept]
    usable = [each for each in there if each.proof is Proof.PROVED or not offering.probe]
    if usable:
        return usable[0]
    what = "did not hold" if there else "is none of the servers that were found"
    raise UsageError(f"--accept {offering.accept}: it {what}", ["name one of those listed"])


def offer(found: Discovery, offering: Offering, asker: Asker) -> int:
    """Asks which server, then makes the profile and logs in there once, if the user wants."""
    from smtpcheck.cli.ask import confirm
    from smtpcheck.cli.profile_init import finish
    from smtpcheck.cli.profile_questions import ask_name
    from smtpcheck.cli.profile_save import Proving

    best = _chosen(found, asker)
    if best is None:
        return ExitCode.OK
    if best.needs_word:
        asker.say(f"{best.host} lies outside of {found.subject.shown_domain}; nobody vouches.")
        if not confirm(asker, "Does the provider say that it is right", default=False):
            return ExitCode.OK
    question = f"Make a profile of {best.host}:{best.port}, and log in there once"
    if not confirm(asker, question, default=False):
        return ExitCode.OK
    answers = answers_for(best, found.subject, offering)
    ask_name(asker, answers)
    return _as_code(finish(answers, asker, Proving(resolver=offering.resolver)))


def _chosen(found: Discovery, asker: Asker) -> Candidate | None:
    """The one that holds; of several the one that the user names, or none."""
    from smtpcheck.cli.ask import choose

    good = [each for each in found.candidates if each.proof is Proof.PROVED]
    if len(good) < 2:
        return found.best
    asker.say("Which server?")
    for number, each in enumerate(good, 1):
        asker.say(f"  {number:>2}  {each.host}, port {each.port} with {_MODES[each.security]}")
    words = [str(number) for number in range(1, len(good) + 1)]
    found_word = choose(asker, f"Server (a number, or {_NONE})", [*words, _NONE], "1")
    return None if found_word == _NONE else good[int(found_word) - 1]


def _as_code(code: int) -> int:
    """A probe that failed is a finding here: 10 to 14 and 75 are of `probe` and `profile init`."""
    kept = (ExitCode.OK, ExitCode.USAGE, ExitCode.DEFECT, ExitCode.INTERRUPTED)
    return code if code in kept else ExitCode.FINDINGS


def _note(text: str) -> None:
    typer.echo(f"note: {text}", err=True)

"""A target, found out and read: what is to be probed, with which settings."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smtpcheck.api.again import options_of, who_of
from smtpcheck.model.errors import UsageError
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.plan import Plan
from smtpcheck.model.profile import Profile, Proxy
from smtpcheck.model.secret import SecretRef, SecretSource
from smtpcheck.model.target import (
    PROFILE_NAME,
    Address,
    Named,
    ProfileFile,
    as_address,
    parse_target,
    split_settings,
)

if TYPE_CHECKING:
    from smtpcheck.api.baseline import Before
    from smtpcheck.store.origin import LoadedProfile


_NOTHING_SENT = (
    "no message is sent: without a login the probe ends after EHLO "
    "(--until send goes on, with sender.address set)"
)


@dataclass(frozen=True, slots=True)
class Job:
    """One target, ready to be probed."""

    target: str
    """As the user named it, with the settings that stand behind it: `notify server.port=2525`."""
    loaded: LoadedProfile
    plan: Plan
    notes: tuple[str, ...] = field(default=())
    overrides: Mapping[str, str] = field(default_factory=dict)
    """The settings of this run alone, by key."""
    proxy_variable: str = ""
    """The variable that `--proxy env` found the proxy in."""
    draft: str = ""
    """What a draft of the settings is called, or will be; empty where these are saved."""
    before: Before | None = None
    """The run to compare with."""

    @property
    def options(self) -> tuple[str, ...]:
        """The words that reach the server in the same way, besides the target."""
        return options_of(self, "env" if self.proxy_variable else self.overrides.get("proxy"))

    @property
    def direct(self) -> tuple[str, ...]:
        """The same for a run that goes around every proxy."""
        return options_of(self, "none")

    @property
    def anonymous(self) -> tuple[str, ...]:
        """The target and its options for a run without a login."""
        proxy = "env" if self.proxy_variable else self.overrides.get("proxy")
        return (re.sub(r"//[^/]*@", "//", self.target), *options_of(self, proxy, without="auth"))


def load_target(
    text: str,
    *,
    plan: Plan | None = None,
    overrides: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Job:
    """Finds out what a target is and reads its settings; those that stand behind it win over
    `overrides`. Raises UsageError or ProfileError."""
    if " " in text.strip():
        target, settings = split_settings(text)
        job = load_target(
            target, plan=plan, overrides={**(overrides or {}), **settings}, environment=environment
        )
        return replace(job, target=text, overrides=dict(overrides or {}))
    from smtpcheck.store.paths import profile_path
    from smtpcheck.store.profile_reader import profile_from_settings, read_profile
    from smtpcheck.store.proxy_url import FROM_ENVIRONMENT

    plan = plan or Plan()
    given = dict(overrides or {})
    if given.get("proxy") == FROM_ENVIRONMENT:
        return _with_proxy_of_environment(text, plan, given, environment)
    notes: tuple[str, ...] = ()
    parsed = parse_target(text)
    if isinstance(parsed, ProfileFile):
        loaded = read_profile(Path(parsed.path), overrides=given, environment=environment)
        return Job(text, loaded, plan, overrides=given)
    if isinstance(parsed, Named):
        if PROFILE_NAME.match(parsed.name) and os.path.lexists(profile_path(parsed.name)):
            loaded = read_profile(parsed.name, overrides=given, environment=environment)
            return Job(text, loaded, plan, overrides=given)
        notes = _taken_as_host(parsed.name)
        parsed = as_address(parsed.name)
    # What LMTP goes without unless it is told to, no port says; see Profile.security.
    lmtp = given.get("server.protocol") == "lmtp"
    loaded = profile_from_settings(
        _settings(parsed, lmtp=lmtp), name=None, overrides=given, environment=environment
    )
    if not loaded.profile.wants_login and not (plan.until or plan.senders or plan.relay):
        notes = (*notes, _NOTHING_SENT) if plan.recipients else notes
        plan = replace(plan, until="ehlo")
    return Job(text, loaded, plan, notes, given)


def without_login(job: Job) -> Job:
    """The job as somebody without an account would do it."""
    from smtpcheck.model.profile import Auth

    profile = replace(job.loaded.profile, auth=Auth(method="none"))
    return replace(job, loaded=replace(job.loaded, profile=profile))


def _with_proxy_of_environment(
    text: str, plan: Plan, given: dict[str, str], environment: Mapping[str, str] | None
) -> Job:
    """The target with the proxy that the variables of other programs name for its host."""
    from smtpcheck.store.proxy_url import NONE, proxy_from_environment

    variables = os.environ if environment is None else environment
    direct = load_target(text, plan=plan, overrides={**given, "proxy": NONE}, environment=variables)
    profile = direct.loaded.profile
    if profile.server.socket:
        note = "--proxy env: no proxy, the server is a Unix socket of this machine"
        return replace(direct, notes=(*direct.notes, note))
    found = proxy_from_environment(profile.server.host, profile.security, variables)
    if found.url == NONE:
        why = f"{found.variable} excepts the host" if found.variable else "no variable names one"
        return replace(direct, notes=(*direct.notes, f"--proxy env: no proxy, {why}"))
    job = load_target(
        text, plan=plan, overrides={**given, "proxy": found.url}, environment=variables
    )
    proxy = job.loaded.profile.proxy
    if found.secret is not None and proxy is not None:
        ref = SecretRef(SecretSource.GIVEN, given=found.secret)
        job = replace(job, loaded=_with_proxy_password(job.loaded, proxy, ref))
    note = f"the proxy is that of {found.variable}"
    return replace(job, notes=(*job.notes, note), proxy_variable=found.variable)


def with_given_secrets(loaded: LoadedProfile, before: Profile) -> LoadedProfile:
    """The profile with the proxy's password that only memory knew: what a URL in the environment
    held for `--proxy env`."""
    proxy, known = loaded.profile.proxy, before.proxy.password if before.proxy else None
    if proxy is None or known is None or known.source is not SecretSource.GIVEN:
        return loaded
    return _with_proxy_password(loaded, proxy, known)


def _with_proxy_password(loaded: LoadedProfile, proxy: Proxy, ref: SecretRef) -> LoadedProfile:
    profile = replace(loaded.profile, proxy=replace(proxy, password=ref))
    return replace(loaded, profile=profile)


def check_job(job: Job) -> None:
    """Raises UsageError for what cannot be done as asked, before a packet is sent: an unknown
    stage, a resolver that is no address, settings that this version knows but does not use, a
    message that cannot be signed."""
    from smtpcheck.api.signing import signer_of
    from smtpcheck.probe.proxy_aim import must_have_packages
    from smtpcheck.probe.resolve_config import parse_resolver
    from smtpcheck.probe.runner import last_step
    from smtpcheck.wire.ntlm import INSTALL, ntlm_installed

    profile = job.loaded.profile
    last_step(job.plan.until, profile.security)
    if job.plan.resolver:
        parse_resolver(job.plan.resolver)
    if profile.proxy is not None:
        must_have_packages(profile.proxy)
    if job.plan.confirm:
        from smtpcheck.api.confirming import must_be_possible

        must_be_possible(job)
    if profile.auth.method == "ntlm" and not ntlm_installed():
        raise UsageError("auth.method is ntlm, and the extra for it is not installed", [INSTALL])
    if sends_a_message(job):
        signer_of(profile)


def sends_a_message(job: Job) -> bool:
    """Whether the run is to end in a message, as far as is known before it."""
    from smtpcheck.probe.runner import goes_on_to_a_message

    profile, plan = job.loaded.profile, job.plan
    return (
        plan.deliver
        and bool(plan.recipients or profile.test.to)
        and goes_on_to_a_message(plan.until, profile.security)
    )


def settings_of(job: Job) -> dict[str, Json]:
    """The settings in use, flat, without any secret: `server.host`, `auth.method`."""
    loaded, profile = job.loaded, job.loaded.profile
    flat = dict(_flat(profile))
    flat["server.port"] = profile.port
    flat["server.security"] = profile.security
    if loaded.preset is not None:
        flat["provider"] = loaded.preset.provider
        if loaded.preset.sender_check:
            flat["sender_check"] = loaded.preset.sender_check
    # What the words of a fix call them: `smtpcheck profile set {profile} ...`
    flat["profile"] = loaded.name or (str(loaded.path) if loaded.path else "")
    if job.draft:
        flat["draft"] = job.draft
        flat["profile"] = loaded.name or "" if loaded.path else ""  # a new one is not there yet
    who = who_of(job.plan)
    flat["target"] = _command_words((job.target, *job.options, *who))
    # A profile of its own is told to lose its login instead.
    flat["anonymous"] = _command_words((*job.anonymous, *who)) if not flat["profile"] else ""
    # Of several --resolver the last counts: a fix that names one leaves the other out.
    other = replace(job, plan=replace(job.plan, resolver="")) if job.plan.resolver else job
    flat["any_resolver"] = _command_words((job.target, *other.options, *who))
    if profile.proxy is not None:
        flat["proxy.from"] = _proxy_from(job)
        flat["direct"] = _command_words((job.target, *job.direct, *who))
    return flat


def _command_words(words: Iterable[str]) -> str:
    from smtpcheck.report.escape import shell_quoted

    return " ".join(map(shell_quoted, words))


def _proxy_from(job: Job) -> str:
    """Where the proxy is set: `flag`, `environment`, `profile`, or the variable of --proxy env."""
    from smtpcheck.store.origin import Source

    named = {Source.FLAG: "flag", Source.ENVIRONMENT: "environment"}
    source = job.loaded.origins["proxy.host"].source
    return job.proxy_variable or named.get(source, "profile")


def notes_of(job: Job) -> tuple[str, ...]:
    """What the reader must know of the settings: a variable that is nearly one, a secret that
    others can read, what is not used."""
    from smtpcheck.store.secrets import secret_notes

    loaded, profile = job.loaded, job.loaded.profile
    oauth = profile.auth.oauth
    used = [profile.auth.password, profile.tls.client_key_password]
    if profile.proxy is not None:
        used.append(profile.proxy.password)
    if oauth is not None and profile.uses_kept_login:
        key = SecretRef(SecretSource.FILE, name=oauth.key_file) if oauth.key_file else None
        used += [oauth.client_secret, key]
    kept = [note for ref in used if ref is not None for note in secret_notes(ref)]
    return (*loaded.notes, *dict.fromkeys(kept), *_without_network(job))


def _without_network(job: Job) -> tuple[str, ...]:
    """What is set and means nothing to a Unix socket."""
    server = job.loaded.profile.server
    if not server.socket:
        return ()
    unused = [
        name
        for name, is_set in (
            ("server.port", server.port),
            ("server.address_family", server.address_family != "any"),
            ("server.source_address", server.source_address),
            ("--resolver", job.plan.resolver),
        )
        if is_set
    ]
    return (f"not used with a Unix socket: {', '.join(unused)}",) if unused else ()


def _flat(section: Any, prefix: str = "") -> Iterable[tuple[str, Json]]:
    for attribute, name in _names(section.__class__, prefix):
        value = getattr(section, attribute)
        if isinstance(value, str | int | float):
            yield name, value
        elif isinstance(value, tuple):
            yield name, list(value)
        elif isinstance(value, SecretRef):
            yield name, value.describe()
        elif value is not None:
            yield from _flat(value, f"{name}.")


@cache
def _names(section: type, prefix: str) -> tuple[tuple[str, str], ...]:
    """The fields of a section, and the names of their settings: one text for all targets."""
    return tuple((each.name, f"{prefix}{each.name}") for each in fields(section))


def _settings(address: Address, *, lmtp: bool) -> dict[str, Json]:
    server: dict[str, Json] = {"host": address.host, "port": address.port}
    if not lmtp or address.explicit:
        server["security"] = address.security
    tables: dict[str, Json] = {"server": server}
    if address.username:
        tables["auth"] = {"username": address.username, "password": {"prompt": True}}
    return tables


def _taken_as_host(name: str) -> tuple[str, ...]:
    if "." in name:
        return ()
    from difflib import get_close_matches

    from smtpcheck.store.profile_reader import profile_names

    close = get_close_matches(name, profile_names(), 1)
    hint = f"; did you mean the profile {close[0]}?" if close else ""
    return (f"there is no profile {name}, so it was taken for a host name{hint}",)

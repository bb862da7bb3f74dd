"""Takes the steps of one run in order, and says of each stage how it went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache

from smtpcheck.model.errors import UsageError
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.observation import ExperimentResult, Observations, Step
from smtpcheck.model.plan import Plan
from smtpcheck.model.profile import Profile
from smtpcheck.model.stage import AFTER_QUIT, STEPS, Outcome, Stage
from smtpcheck.model.value import dataclass
from smtpcheck.probe.auth_choice import certificate_login, choose_step
from smtpcheck.probe.auth_steps import login_step
from smtpcheck.probe.confirm_step import confirm_step
from smtpcheck.probe.connect import Peer
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.dns_stage import run_dns
from smtpcheck.probe.ping_step import ping_step
from smtpcheck.probe.prepare_step import prepare_step
from smtpcheck.probe.proxy_aim import resolves_here
from smtpcheck.probe.proxy_step import proxy_step
from smtpcheck.probe.recorder import Ended, Recorder
from smtpcheck.probe.refused import Refused
from smtpcheck.probe.repeat_step import repeat_step
from smtpcheck.probe.run import Letterbox, Look, ReadSecret, ReadToken, Run, Score, Sign
from smtpcheck.probe.score_step import score_step
from smtpcheck.probe.send_steps import (
    PipeliningLostError,
    data_step,
    mail_step,
    message_step,
    quit_step,
    rcpt_step,
    reset_step,
)
from smtpcheck.probe.sender_steps import SENDER, expected_senders, who_may_send
from smtpcheck.probe.tcp_steps import (
    connect_step,
    ehlo_in_tls_step,
    ehlo_step,
    greeting_step,
    settle_connect,
)
from smtpcheck.probe.tls_steps import handshake_step, prepare_context, starttls_step
from smtpcheck.probe.token_step import token_step

TakeStep = Callable[[Run], Ended]
AfterFailure = Callable[[Run, Observations], tuple[ExperimentResult, ...]]
TryAgain = Callable[[Observations], bool]

_NO_END = ("tcp.ping", "send.data", "send.message", "send.repeat", "send.reset")
"""Steps after which a run cannot be asked to stop."""
_NAME_LIMIT = 5.0
"""Seconds that names may take where the proxy resolves them, and DNS here is a hint alone."""
_ORDER = [step for stage in Stage for step in STEPS[stage]]
_PLACE = {step: place for place, step in enumerate(_ORDER)}


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run left behind."""

    observations: Observations
    notes: tuple[str, ...]


@lru_cache(maxsize=64)
def last_step(until: str, security: str) -> str:
    """The step that `--until` means. Raises UsageError for a word that names none."""
    word = until.strip().lower()
    in_tls = security != "none"
    aliases = {
        "": _ORDER[-1],
        "ehlo": "tls.ehlo" if in_tls else "tcp.ehlo",
        "greeting": "tls.greeting" if security == "tls" else "tcp.greeting",
        **{str(stage): STEPS[stage][-1] for stage in Stage},
    }
    if word in aliases:
        return aliases[word]
    offered = [step for step in _ORDER if step not in _NO_END]
    found = next((step for step in offered if word in (step, step.partition(".")[2])), None)
    if found is None:
        words = ", ".join([*map(str, Stage), "ehlo", "mail", "rcpt"])
        raise UsageError(f"{until!r} is neither a stage nor a step", [f"use one of {words}"])
    return found


def goes_on_to_a_message(until: str, security: str) -> bool:
    """Whether a run to that step may send a message."""
    return _PLACE[last_step(until, security)] >= _PLACE["send.data"]


def run_probe(  # noqa: PLR0913 - what a run is given, each by name
    profile: Profile,
    plan: Plan,
    recorder: Recorder,
    *,
    settings: Facts,
    read_secret: ReadSecret,
    read_token: ReadToken | None = None,
    sign: Sign | None = None,
    refused: Refused | None = None,
    score: Score | None = None,
    look: Look | None = None,
    peer: str = "",
    again: TryAgain | None = None,
    after_failure: AfterFailure | None = None,
) -> Ran:
    """Probes one target. Everything that goes wrong out there is in the observations.

    `peer`: the address to connect to first, where the name has it. `after_failure` may observe more
    once a stage has failed, while the connection still stands; not where `again` says before it
    that another attempt follows.
    """
    last = _PLACE[last_step(plan.until, profile.security)]
    if _PLACE["send.prepare"] <= last < _PLACE["send.data"]:
        plan = replace(plan, deliver=False)
    deadline = Deadline(plan.deadline)
    run = Run(profile, plan, recorder, deadline, read_secret, refused or Refused(), read_token)
    run.sign = sign
    run.provider = str(settings.get("provider") or "")
    run.score = score
    run.look = look
    run.peer = peer
    run.sender_check = str(settings.get("sender_check") or "")
    run.sender_only = last < _PLACE["send.rcpt"]
    interrupted = later = False
    experiments: tuple[ExperimentResult, ...] = ()
    try:
        try:
            _all_stages(run, last)
            if again and _failed(run):
                later = again(seen_so_far(recorder, settings, interrupted=False))
            if after_failure and _failed(run) and not later and not run.deadline.expired:
                recorder.begin("experiments")
                seen = seen_so_far(recorder, settings, interrupted=False)
                experiments = after_failure(run, seen)
            if run.session is not None and not _parted(run):
                run.session.part()
        finally:
            if run.session is not None:
                run.session.link.close()
        settle_connect(run, run.deadline)
        if plan.tls == "deep" and not later:
            from smtpcheck.probe.tls_deep import look_deeper

            look_deeper(run, experiments)
    except KeyboardInterrupt:
        settle_connect(run, Deadline(0.0))
        # A run that was through, its mail accepted, is one that passed.
        interrupted = _failed(run) or len(recorder.stages) < len(Stage)
    if interrupted:
        recorder.note("interrupted")
    observations = seen_so_far(recorder, settings, interrupted=interrupted)
    if experiments:
        observations = replace(observations, experiments=experiments)
    return Ran(observations, tuple(run.notes))


def seen_so_far(recorder: Recorder, settings: Facts, *, interrupted: bool) -> Observations:
    """What was written down until now; also of a run that goes on in another thread."""
    return Observations(
        settings=settings,
        stages=recorder.cut_short() if interrupted else tuple(recorder.stages),
        transcript=recorder.transcript,
        interrupted=interrupted,
    )


def steps_of(
    stage: Stage, profile: Profile, *, box: Letterbox | None = None, by_certificate: bool = False
) -> dict[str, TakeStep]:
    """The steps of a stage in order, for this profile; none where it does not use the stage.
    `box`: what was prepared, once it was. `by_certificate`: the server takes the client
    certificate as a login."""
    implicit = profile.security == "tls"
    match stage:
        case Stage.TCP:
            talk = {} if implicit else {"tcp.greeting": greeting_step, "tcp.ehlo": ehlo_step}
            way = {"tcp.proxy": proxy_step} if profile.proxy else {"tcp.connect": connect_step}
            return {**way, **talk}
        case Stage.TLS if implicit:
            return {
                "tls.handshake": handshake_step,
                "tls.greeting": greeting_step,
                "tls.ehlo": ehlo_in_tls_step,
            }
        case Stage.TLS if profile.security == "starttls":
            return {
                "tls.starttls": starttls_step,
                "tls.handshake": handshake_step,
                "tls.ehlo": ehlo_in_tls_step,
            }
        case Stage.AUTH if profile.wants_login or by_certificate:
            token: dict[str, TakeStep] = {"auth.token": token_step} if profile.uses_token else {}
            return {"auth.choose": choose_step, **token, "auth.login": login_step}
        case Stage.SEND:
            return {
                "send.prepare": prepare_step,
                "send.mail": mail_step,
                "send.rcpt": rcpt_step,
                **_transfer_steps(box),
                "send.quit": quit_step,
            }
    return {}


def _transfer_steps(box: Letterbox | None) -> dict[str, TakeStep]:
    if box is not None and not box.deliver:
        return {"send.reset": reset_step}
    steps: dict[str, TakeStep] = {"send.data": data_step, "send.message": message_step}
    if box is not None and box.bdat:
        del steps["send.data"]
    if box is not None and box.count > 1:
        steps["send.repeat"] = repeat_step
    return steps


def _all_stages(run: Run, last: int) -> None:
    blocked: Stage | None = None
    # A pass phrase is not read before its stage is reached.
    early = run.profile.tls.client_key_password is None and run.profile.security != "none"
    if early and last >= _PLACE["tls.handshake"]:
        run.context = prepare_context(run.profile, run.read_secret)
    for stage in Stage:
        if blocked is not None:
            run.recorder.end_stage(stage, Outcome.SKIPPED, blocked)
            continue
        if _PLACE[STEPS[stage][0]] > last:
            run.recorder.end_stage(stage, Outcome.SKIPPED)
            continue
        run.recorder.begin_stage(stage)
        outcome = _dns(run) if stage is Stage.DNS else _stage(run, stage, last)
        run.recorder.end_stage(stage, outcome)
        if outcome is Outcome.FAILED:
            blocked = stage


def _stage(run: Run, stage: Stage, last: int) -> Outcome:
    taken: list[Outcome] = []
    for name, take in _due(run, stage, last):
        run.recorder.begin(name)
        try:
            ended = take(run)
        except PipeliningLostError:
            ended = _again(run, take)
        taken.append(run.recorder.end(name, ended).outcome)
        if ended.outcome is Outcome.FAILED and name != SENDER:  # the next may be allowed
            break
    return _worst(taken)


def _due(run: Run, stage: Stage, last: int) -> Iterator[tuple[str, TakeStep]]:
    """The steps to take; asked for one by one, because send.prepare decides about a message."""
    if stage is Stage.SEND and (run.plan.senders or run.plan.relay):
        yield from who_may_send(run)
        return
    by_certificate = certificate_login(run)
    steps = steps_of(stage, run.profile, box=run.letterbox, by_certificate=by_certificate)
    if run.plan.ping and stage is Stage.TCP:
        steps = {"tcp.ping": ping_step, **steps}
    taken = set()
    while name := next((each for each in steps if each not in taken), None):
        if _PLACE[name] > last:
            break
        taken.add(name)
        if name == "send.quit":
            yield from expected_senders(run)
        yield name, steps[name]
        if stage is Stage.SEND:
            steps = steps_of(stage, run.profile, box=run.letterbox)
    if stage is Stage.SEND and run.letterbox and run.letterbox.deliver:
        score, confirm = AFTER_QUIT
        if run.score is not None:
            yield score, score_step
        if run.look is not None:
            yield confirm, confirm_step


def _dns(run: Run) -> Outcome:
    server = run.profile.server
    if server.socket:
        run.peers = (Peer("unix", server.socket),)
        return Outcome.SKIPPED
    here = resolves_here(run.profile, run.plan.resolver)
    recorded: list[Step] = []

    def ended(step: Step) -> None:
        recorded.append(run.recorder.add(step if here else _left_to_the_proxy(step)))

    only4 = run.profile.proxy is not None and run.profile.proxy.type == "socks4"
    ran = run_dns(
        server.host,
        run.profile.port,
        family="ipv4" if only4 else server.address_family,
        resolver=run.plan.resolver,
        deadline=run.deadline if here else run.deadline.within(_NAME_LIMIT),
        timeout=server.timeout if here else min(server.timeout, _NAME_LIMIT),
        started=run.recorder.begin,
        ended=ended,
    )
    first = sorted(ran.addresses, key=lambda each: each.address != run.peer)
    run.peers = tuple(
        Peer(each.family, each.address, run.profile.port, each.scope) for each in first
    )
    return _worst([step.outcome for step in recorded])


def _left_to_the_proxy(step: Step) -> Step:
    """A name that this machine cannot resolve may be one that the proxy can."""
    if step.outcome is not Outcome.FAILED or step.step == "dns.name":
        return step
    said = f"{step.summary}; it is left to the proxy to resolve the name"
    return replace(step, outcome=Outcome.WARNED, summary=said)


def _again(run: Run, take: TakeStep) -> Ended:
    """Holds the conversation once more, without pipelining, on a new connection. The login was
    accepted before, so it is not a second try."""
    run.talk.link.close()
    run.refuse_pipelining = True
    race, peers = run.race, run.peers
    run.peers = (race.winner,) if race and race.winner else peers
    run.hello = run.hello_in_clear = None
    try:
        for stage in (Stage.TCP, Stage.TLS, Stage.AUTH):
            by_certificate = certificate_login(run)
            steps = steps_of(stage, run.profile, by_certificate=by_certificate)
            for repeat in steps.values():
                ended = repeat(run)
                if ended.outcome is Outcome.FAILED:
                    return replace(ended, summary=f"on a second connection: {ended.summary}")
    finally:
        run.race, run.peers = race, peers
    return take(run)


def _worst(outcomes: list[Outcome]) -> Outcome:
    for outcome in (Outcome.FAILED, Outcome.WARNED, Outcome.PASSED):
        if outcome in outcomes:
            return outcome
    return Outcome.SKIPPED


def _failed(run: Run) -> bool:
    return any(stage.outcome is Outcome.FAILED for stage in run.recorder.stages)


def _parted(run: Run) -> bool:
    if run.letterbox is not None and run.letterbox.parting is not None:
        return True  # QUIT left with a message that was refused
    steps: list[Step] = [step for stage in run.recorder.stages for step in stage.steps]
    return any(step.step == "send.quit" for step in steps)

"""XOAUTH2 and OAUTHBEARER as the sandbox conducts them: octets in, octets out."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator

import pytest

from smtpcheck.sandbox.bearer import TOKEN_MECHANISMS
from smtpcheck.sandbox.scenario import Scenario, ScenarioError, read_scenario
from smtpcheck.sandbox.server import Sandbox
from smtpcheck.sandbox.tokens import Tokens, TokenState
from smtpcheck.wire.token import claims_of
from tests.sandbox.smtp_client import Client, b64

USER = "tester@sandbox.test"
Opening = Callable[[TokenState], tuple[Sandbox, Client]]


@pytest.fixture
def opened() -> Iterator[Opening]:
    """A client behind STARTTLS, at a sandbox whose token is in this state."""
    closing: list[Sandbox | Client] = []

    def start(state: TokenState) -> tuple[Sandbox, Client]:
        scenario = Scenario(name="own", token=state)
        sandbox = Sandbox(scenario=scenario, mechanisms=TOKEN_MECHANISMS).start()
        client = Client(sandbox.submission_port, sandbox.ca_file)
        closing.extend((client, sandbox))
        assert "AUTH XOAUTH2 OAUTHBEARER" in client.starttls()
        return sandbox, client

    yield start
    for each in closing:
        each.__exit__(None, None, None)


def xoauth2(user: str, token: str) -> str:
    return f"AUTH XOAUTH2 {b64(f'user={user}{chr(1)}auth=Bearer {token}{chr(1) * 2}')}"


def oauthbearer(user: str, token: str, header: str = "") -> str:
    more = f"host=localhost{chr(1)}port=587{chr(1)}"
    header = header or f"n,a={user},"
    return f"AUTH OAUTHBEARER {b64(f'{header}{chr(1)}{more}auth=Bearer {token}{chr(1) * 2}')}"


def told(reply: str) -> dict[str, str]:
    assert reply.startswith("334 "), reply
    found: dict[str, str] = json.loads(base64.b64decode(reply.split()[1]))
    return found


@pytest.mark.parametrize("line", [xoauth2, oauthbearer])
def test_the_token_of_the_run_lets_its_user_in(
    opened: Opening, line: Callable[[str, str], str]
) -> None:
    sandbox, client = opened(TokenState.GOOD)
    assert client.say(line(USER, sandbox.token)).startswith("235 ")


def test_oauthbearer_may_leave_the_user_to_the_token(opened: Opening) -> None:
    sandbox, client = opened(TokenState.GOOD)
    assert client.say(oauthbearer("", sandbox.token, "n,,")).startswith("235 ")


@pytest.mark.parametrize(
    ("state", "xoauth2_status", "status"),
    [
        (TokenState.EXPIRED, "401", "invalid_token"),
        (TokenState.WRONG_SCOPE, "403", "insufficient_scope"),
        (TokenState.WRONG_USER, "401", "invalid_token"),
    ],
)
def test_a_refusal_is_json_and_then_a_535(
    opened: Opening, state: TokenState, xoauth2_status: str, status: str
) -> None:
    sandbox, client = opened(state)
    found = told(client.say(xoauth2(USER, sandbox.token)))
    assert found == {"status": xoauth2_status, "schemes": "bearer", "scope": "smtp"}
    assert client.say("").startswith("535 5.7.8 ")
    found = told(client.say(oauthbearer(USER, sandbox.token)))
    assert found == {"status": status, "scope": "smtp"}
    assert client.say("AQ==").startswith("535 5.7.8 ")


def test_a_refusal_can_be_answered_by_a_cancel_but_not_by_a_speech(opened: Opening) -> None:
    _, client = opened(TokenState.GOOD)
    told(client.say(oauthbearer(USER, "made-up")))
    assert client.say("*").startswith("501 5.7.0")
    told(client.say(xoauth2(USER, "made-up")))
    assert client.say(b64("but why")).startswith("501 5.5.2")


@pytest.mark.parametrize("user", ["tester", "other@sandbox.test"])
def test_the_token_of_one_user_is_none_of_another(opened: Opening, user: str) -> None:
    sandbox, client = opened(TokenState.GOOD)
    assert told(client.say(xoauth2(user, sandbox.token)))["status"] == "401"


@pytest.mark.parametrize(
    "response",
    [
        "AUTH XOAUTH2 " + b64("user=u\x01auth=Bearer t"),
        "AUTH XOAUTH2 " + b64("user=u\x01auth=Basic t\x01\x01"),
        "AUTH XOAUTH2 " + b64("user\x01auth=Bearer t\x01\x01"),
        "AUTH XOAUTH2 " + b64("user=u\x01auth=Bearer \x01\x01"),
        "AUTH OAUTHBEARER " + b64("auth=Bearer t\x01\x01"),
        "AUTH OAUTHBEARER " + b64("p,a=u,\x01auth=Bearer t\x01\x01"),
        "AUTH OAUTHBEARER " + b64("n,u,\x01auth=Bearer t\x01\x01"),
        "AUTH OAUTHBEARER " + b64("n,a=u,x\x01auth=Bearer t\x01\x01"),
    ],
)
def test_what_is_no_response_of_the_mechanism_judges_no_token(
    opened: Opening, response: str
) -> None:
    _, client = opened(TokenState.GOOD)
    assert client.say(response).startswith("501 5.5.2")


def test_a_token_says_of_itself_what_it_is_but_not_that_it_has_expired() -> None:
    good = claims_of(Tokens(USER).value)
    assert (good.account, good.scopes) == (USER, ("smtp",))
    assert claims_of(Tokens(USER, TokenState.WRONG_SCOPE).value).scopes == ("profile",)
    another = claims_of(Tokens(USER, TokenState.WRONG_USER).value)
    assert another.account == "somebody-else@sandbox.test"
    assert claims_of(Tokens(USER, TokenState.EXPIRED).value).kind == "opaque"


def test_every_run_has_a_token_of_its_own_that_is_not_shown() -> None:
    first, second = Tokens(USER), Tokens(USER)
    assert first.value != second.value
    assert first.value not in repr(first)


def test_a_scenario_with_an_unknown_state_of_the_token_is_refused() -> None:
    with pytest.raises(ScenarioError, match="stale"):
        read_scenario("own", {"title": "t", "token": "stale"})

"""Whatever stands in a file, importing it gives settings or a usage error, and no secret of it is
in any message."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpcheck.model.errors import ProfileError, UsageError
from smtpcheck.store.foreign.entry import MAX_BYTES
from smtpcheck.store.foreign.format import SURE
from smtpcheck.store.foreign.formats import NAMES, format_named, guessed
from smtpcheck.store.keys import nested_values
from smtpcheck.store.profile_reader import profile_from_settings
from tests.store.foreign.reading_back import FOLDER, TEXTS, profile_of, source, written

CANARY = "c4n4ryPassw0rd"
PIECES = st.sampled_from(
    [
        *"'\"`()[]{}<>=:;,.#$\\\n %&@|-\t\u202e\x1b", "=>", "//", "/*", "${A}", "${A:-b}", "\n",
        "SMTP_HOST=", "MAIL_HOST=", "MAIL_MAILER=smtp\n", "EMAIL_HOST = ", "MAIL_SERVER = ", "587",
        "smtp://", "smtps://u:p@h:99999?tls=", "MAILER_DSN=", "failover(", "account ", "host ",
        "passwordeval ", "defaults\n", "relayhost = ", "[h]:587 u:p\n",
        "$mail->Host = ", "define('WPMS_SMTP_HOST', ", "createTransport({", "host:", "auth: {",
        "swaks -s ", "--auth", "os.environ[", "lambda: ", "class C:\n ", "h.example", "True",
        "smtp_tls_security_level = ", "null",
        "spring.mail.host=", "spring:\n  mail:\n    host: ", "smtp_settings = {", "address: ",
        '{"Smtp": {"Host": ', '{"smtpServer": {"host": ', "<mailSettings><smtp>", "<network host=",
        "[smtp]\nhost = ", "$__env{A}", "global:\n  smtp_smarthost: ", "receivers:\n - ",
        "gitlab_rails['smtp_address'] = ", "'mail_smtphost' => ", "DISCOURSE_SMTP_ADDRESS: ",
        "unclassified:\n  mailer:\n    smtpHost: ", "services:\n  a:\n    environment:\n      - ",
        "kind: Secret\napiVersion: v1\n", "stringData:\n  ", "data:\n  SMTP_HOST: ", "---\n",
        "GITLAB_OMNIBUS_CONFIG: ", "GF_SMTP_HOST=", "SPRING_MAIL_HOST=", "Mail__Host=", "{AQAA}",
        "&a", "*a", "<<: ",
    ]
)  # fmt: skip
TEXT = st.lists(PIECES | st.text(max_size=4), max_size=40).map("".join)


def settings_or_refusal(name: str, text: str) -> list[str]:
    """Every message that an import of this text gives."""
    told: list[str] = []
    try:
        for found in format_named(name).read(source(text))[:20]:
            told += [note.text for note in found.notes]
            found.check("settings", FOLDER)
            profile_from_settings(nested_values(found.values), environment={})
    except ProfileError as error:
        told += [f"{each.message} {each.found} {each.suggestion}" for each in error.problems]
    except UsageError as error:
        told += [error.message, *error.help]
    return told


@pytest.mark.parametrize("name", NAMES)
@given(text=TEXT.filter(lambda text: "\0" not in text))
@settings(deadline=None, max_examples=60)
def test_any_text_gives_settings_or_a_usage_error(name: str, text: str) -> None:
    settings_or_refusal(name, text)


@given(text=TEXT.filter(lambda text: "\0" not in text))
@settings(deadline=None, max_examples=60)
def test_any_text_is_of_one_format_or_none(text: str) -> None:
    try:
        found = guessed(source(text)).name
    except UsageError as error:
        found = error.help[0].partition("--format ")[2].partition(" ")[0].rstrip(",")
    assert found in (*NAMES, "F")


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_no_message_holds_the_password(name: str, data: st.DataObject) -> None:
    profile = profile_of(
        {
            "server.host": "smtp.example.com",
            "server.security": "starttls",
            "auth.username": "me",
            "auth.password": {"keyring": True},
        }
    )
    text, _saying = written(name, profile, CANARY)
    start = text.index(CANARY)
    # Somewhere before the password a character is lost, or stands twice, or another one is there.
    at = data.draw(st.integers(0, start - 1))
    instead = data.draw(st.sampled_from(["", text[at] * 2, "x", " ", "\n", "'", '"', "="]))
    for each in settings_or_refusal(name, text[:at] + instead + text[at + 1 :]):
        assert CANARY not in each


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "piece",
    [
        "'\\", '"\\', "{a:", "f(", "[[", "${A}", "A=${A}${A}\n", "-", "a.", "(", "x\n", "'",
        "A='\\'\n", "a = b\n ", "account a : b\n", "$m->Host = f(", "lambda: ", "not ", "/*", "#{",
        "<a>", "<!--", '{"a":', "- ", "? ", "a:\n - ", "&a ", "*a ", "{{", "x\\\n", "kind: A\n",
        "services:\n", "global:\n", "spring:\n", "$(A)", "\n", "smtp_settings.", '"mail',
        "MAIL_HOST=${B}${B}\nB=${MAIL_HOST}${MAIL_HOST}\n", "host: {host: [", "--auth ", "smtp://@",
    ],
)  # fmt: skip
def test_a_long_and_deep_text_is_read_to_its_end(name: str, piece: str) -> None:
    text = piece * (MAX_BYTES // 8 // len(piece))
    settings_or_refusal(name, text)
    assert format_named(name).recognises(source(text)) <= SURE


def test_no_text_of_the_tests_is_longer_than_what_is_imported() -> None:
    assert all(Path(path).stat().st_size < MAX_BYTES for path in TEXTS.glob("*/*"))

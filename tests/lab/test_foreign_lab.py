"""Exported settings in the programs they are for: a mail must arrive over TLS, with a login."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from smtpcheck.model.profile import Profile
from smtpcheck.sandbox.server import Sandbox
from smtpcheck.store.foreign.env_text import env_line
from smtpcheck.store.foreign.nodemailer import SERVICES
from tests.lab import consumers
from tests.store.foreign.reading_back import imported, profile_of, settings_of, written

pytestmark = pytest.mark.lab
PASSWORD = r"""p$$w0rd #1 "x" it's a\b ${HOME} %41&=;"""
ODD = ["pa$$word #1", "it's", r"a\d", 'say "x"', "a b", "c:d@e/f?g", "null", "<x>", "a=b;c"]
SENDERS: dict[str, Callable[[Path, Path], None]] = {
    "django": consumers.send_with_django,
    "flask": consumers.send_with_flask,
    "nodemailer": consumers.send_with_nodemailer,
    "phpmailer": consumers.send_with_phpmailer,
    "symfony": consumers.send_with_symfony,
    "msmtp": consumers.send_with_msmtp,
    "swaks": consumers.send_with_swaks,
    "postfix": consumers.send_with_postfix,
}
ENV_LIBRARIES: dict[str, Callable[[Path], dict[str, str | None]]] = {
    "python-dotenv": consumers.env_of_python,
    "Symfony": consumers.env_of_symfony,
    "Node.js": consumers.env_of_node,
}


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with Sandbox(users={"app@example.com": PASSWORD}, mechanisms=("PLAIN", "LOGIN")) as running:
        yield running


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not below pytest's own folder: Postfix' user must be able to pass through it.
    with TemporaryDirectory(prefix="smtpcheck-lab-") as made:
        yield Path(made)


def profile(server: Sandbox, security: str) -> Profile:
    ports = {"starttls": server.submission_port, "tls": server.submissions_port}
    values: dict[str, Any] = {
        "server.host": "localhost",
        "server.port": ports[security],
        "server.security": security,
        "tls.ca_file": str(server.ca_file),
        "auth.username": server.username,
        "auth.password": {"keyring": True},
        "sender.address": "app@example.com",
        "sender.name": "Example, Shop",
    }
    return profile_of(values)


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("name", SENDERS)
def test_a_program_sends_with_what_was_exported_for_it(
    name: str, security: str, server: Sandbox, folder: Path
) -> None:
    text, _saying = written(name, profile(server, security), PASSWORD)
    file = folder / "settings"
    file.write_text(text)
    SENDERS[name](file, server.ca_file)
    (message,) = server.messages
    assert message.username == server.username
    assert message.tls_version
    assert message.recipients == (consumers.TO,)


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("library", ENV_LIBRARIES)
def test_dotenv_libraries_read_what_was_meant(library: str, value: str, folder: Path) -> None:
    file = folder / ".env"
    file.write_text(env_line("SMTP_PASSWORD", value) + "\n")
    assert ENV_LIBRARIES[library](file) == {"SMTP_PASSWORD": value}


@pytest.mark.parametrize("service", SERVICES)
def test_the_services_of_nodemailer_are_those_that_it_knows(service: str) -> None:
    host, port, secure = SERVICES[service]
    assert consumers.service_of_nodemailer(service) == {
        "host": host,
        "port": port,
        "secure": secure,
    }


@pytest.mark.parametrize(
    "dsn",
    [
        "smtp://mail.example",
        "smtp://localhost",
        "smtp://mail.example:465",
        "smtp://mail.example:587",
        "smtps://mail.example",
        "smtps://mail.example:587",
    ],
)
def test_a_mailer_dsn_means_what_symfony_makes_of_it(dsn: str, folder: Path) -> None:
    theirs = consumers.dsn_of_symfony(dsn, folder)
    found = imported("symfony", f"MAILER_DSN={dsn}\n", ".env")
    settings = settings_of(profile_of(dict(found.values)))
    assert settings["server.port"] == theirs["port"]
    assert (settings["server.security"] == "tls") == theirs["tls"]


def test_php_reads_the_constants_of_wordpress(server: Sandbox, folder: Path) -> None:
    text, _saying = written("wordpress", profile(server, "tls"), PASSWORD)
    found = consumers.constants_of_php(text, folder)
    assert found["WPMS_SMTP_PASS"] == PASSWORD
    assert found["WPMS_SMTP_PORT"] == server.submissions_port
    assert found["WPMS_MAIL_FROM_NAME"] == "Example, Shop"


@pytest.mark.parametrize(
    "url",
    [
        "smtp://user:pass@smtp.example.com:25",
        "smtp+tls://user:pa%2Fss@smtp.example.com:587",
        "smtps://us%40er:pass@smtp.example.com:587",
        "smtp+ssl://user:pass@smtp.example.com:465",
    ],
)
def test_an_email_url_means_what_django_environ_makes_of_it(url: str) -> None:
    theirs = consumers.url_of_environ(url)
    ours = imported("dotenv", f"EMAIL_URL='{url}'\n", ".env")
    settings = settings_of(profile_of(dict(ours.values)))
    modes = {(True, False): "starttls", (False, True): "tls", (False, False): "none"}
    mode = modes[bool(theirs.get("EMAIL_USE_TLS")), bool(theirs.get("EMAIL_USE_SSL"))]
    assert settings["server.security"] == mode
    assert settings["server.port"] == theirs["EMAIL_PORT"]
    assert settings["auth.username"] == theirs["EMAIL_HOST_USER"]

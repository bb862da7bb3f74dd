"""The programs that exported settings are for: each sends one mail with them, by itself."""

from __future__ import annotations

import json
import os
import shutil
import smtplib
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.postfix import free_ports, program, wait_until_listening

PYTHON_VARIABLE = "CONSUMERS_PYTHON"
NODE_VARIABLE = "NODEMAILER_MODULES"
TO = "ops@example.com"
_PHP = Path("/usr/share/php")
_DJANGO = """
import sys
from django.conf import settings
names = {}
exec(open(sys.argv[1]).read(), names)
settings.configure(**{name: value for name, value in names.items() if name.isupper()})
from django.core.mail import send_mail
send_mail("subject", "text", None, ["%s"])
"""
_FLASK = """
import sys
from flask import Flask
from flask_mail import Mail, Message
app = Flask("app")
app.config.from_pyfile(sys.argv[1])
with app.app_context():
    Mail(app).send(Message("subject", recipients=["%s"], body="text"))
"""
_NODE = """
const nodemailer = require("nodemailer");
const fs = require("fs");
%s
transporter.sendMail({ to: "%s", subject: "subject", text: "text" }).then(
  () => process.exit(0), (error) => { console.error(error); process.exit(1); });
"""
_PHPMAILER = """<?php
require '/usr/share/php/libphp-phpmailer/autoload.php';
use PHPMailer\\PHPMailer\\PHPMailer;
$mail = new PHPMailer(true);
$mail->CharSet = 'utf-8';
%s
$mail->addAddress('%s');
$mail->Subject = 'subject';
$mail->Body = 'text';
$mail->send();
"""
_SYMFONY = """<?php
require '/usr/share/php/Symfony/Component/Mailer/autoload.php';
require '/usr/share/php/Symfony/Component/Dotenv/autoload.php';
$settings = (new Symfony\\Component\\Dotenv\\Dotenv())->parse(file_get_contents($argv[1]));
$mailer = new Symfony\\Component\\Mailer\\Mailer(
    Symfony\\Component\\Mailer\\Transport::fromDsn($settings['MAILER_DSN']));
$mailer->send((new Symfony\\Component\\Mime\\Email())
    ->from('app@example.com')->to('%s')->subject('subject')->text('text'));
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
smtp unix - - n - - smtp
relay unix - - n - - smtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = {folder}/etc
myhostname = relay.example.test
mydestination =
alias_maps =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_host_lookup = native
"""


def python_of(*packages: str) -> str:
    """The interpreter that has these packages; skips the test without one."""
    python = os.environ.get(PYTHON_VARIABLE, "")
    if not python:
        pytest.skip(f"{PYTHON_VARIABLE} names no Python with {', '.join(packages)}")
    for package in packages:
        found = subprocess.run(
            [python, "-c", f"import {package}"], capture_output=True, check=False
        )
        if found.returncode:
            pytest.skip(f"not installed in {python}: {package}")
    return python


def php_with(*files: str) -> str:
    """The interpreter of PHP, where these of its libraries are there; skips the test else."""
    missing = [name for name in files if not (_PHP / name).exists()]
    if not program("php") or missing:
        pytest.skip(f"not installed: php-cli, or {', '.join(missing)} below {_PHP}")
    return program("php")


def needed(name: str, package: str) -> str:
    """The path of a program; skips the test without it."""
    if not program(name):
        pytest.skip(f"not installed: {name} (package {package})")
    return program(name)


def run(argv: list[str], stdin: str = "", **environment: str) -> str:
    """What a program printed. Fails the test with its words where it fails."""
    done = subprocess.run(
        argv,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, f"{argv[0]}: {done.stdout}{done.stderr}"
    return done.stdout


def send_with_django(file: Path, ca_file: Path) -> None:
    run([python_of("django"), "-c", _DJANGO % TO, str(file)], SSL_CERT_FILE=str(ca_file))


def send_with_flask(file: Path, _ca_file: Path) -> None:
    run([python_of("flask_mail"), "-c", _FLASK % TO, str(file)])


def send_with_nodemailer(file: Path, _ca_file: Path) -> None:
    modules = os.environ.get(NODE_VARIABLE, "")
    if not modules:
        pytest.skip(f"{NODE_VARIABLE} names no folder with the npm package nodemailer")
    run([needed("node", "nodejs"), "-e", _NODE % (file.read_text(), TO)], NODE_PATH=modules)


def send_with_phpmailer(file: Path, _ca_file: Path) -> None:
    script = file.with_suffix(".php")
    php = php_with("libphp-phpmailer/autoload.php")
    script.write_text(_PHPMAILER % (file.read_text(), TO))
    run([php, str(script)])


def send_with_symfony(file: Path, ca_file: Path) -> None:
    php = php_with("Symfony/Component/Mailer/autoload.php", "Symfony/Component/Dotenv/autoload.php")
    script = file.with_suffix(".php")
    script.write_text(_SYMFONY % TO)
    run([php, "-d", f"openssl.cafile={ca_file}", str(script), str(file)])


def send_with_msmtp(file: Path, _ca_file: Path) -> None:
    file.chmod(0o600)
    argv = [needed("msmtp", "msmtp"), f"--file={file}", TO]
    run(argv, "Subject: subject\n\ntext\n")


def send_with_swaks(file: Path, _ca_file: Path) -> None:
    needed("swaks", "swaks")
    run(["sh", "-c", f"{file.read_text().strip()} --to {TO}"])


def send_with_postfix(file: Path, _ca_file: Path) -> None:
    """Its two parts go into two files; a mail for the relay must reach the server behind it."""
    main, _, login = file.read_text().partition("# in /etc/postfix/sasl_passwd")
    with _relay(file.parent, main, login.partition("\n")[2]) as port:
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
            client.sendmail("app@example.com", [TO], "Subject: subject\r\n\r\ntext\r\n")
        _wait_until_gone(file.parent)


@contextmanager
def _relay(folder: Path, main: str, logins: str) -> Iterator[int]:
    needed("postfix", "postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix is run by root only")
    folder.chmod(0o755)
    etc = folder / "etc"
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    for name in ("postfix-files", "dynamicmaps.cf"):
        if Path("/etc/postfix", name).exists():
            shutil.copy(Path("/etc/postfix", name), etc)
    for name in ("postfix-files.d", "dynamicmaps.cf.d"):
        if Path("/etc/postfix", name).exists():
            shutil.copytree(Path("/etc/postfix", name), etc / name)
    (port,) = free_ports(1)
    own = main.replace("/etc/postfix/", f"{etc}/")
    (etc / "main.cf").write_text(_MAIN.format(folder=folder) + own)
    (etc / "master.cf").write_text(_MASTER.format(port=port))
    (etc / "sasl_passwd").write_text(logins)
    run([program("postmap"), "-c", str(etc), f"hash:{etc}/sasl_passwd"])
    postfix = [program("postfix"), "-c", str(etc)]
    run([*postfix, "start"])
    try:
        wait_until_listening([port], folder / "mail.log")
        yield port
    finally:
        subprocess.run([*postfix, "abort"], capture_output=True, check=False)


def _wait_until_gone(folder: Path) -> None:
    """Returns when the relay has delivered; fails with its log when it could not."""
    log = folder / "mail.log"
    for _try in range(200):
        told = log.read_text(errors="replace")
        if "status=sent" in told:
            return
        assert "status=" not in told, told[-2000:]
        time.sleep(0.1)
    pytest.fail(log.read_text(errors="replace")[-2000:])


def constants_of_php(code: str, folder: Path) -> dict[str, object]:
    """What PHP itself makes of `define(...)` lines."""
    script = folder / "constants.php"
    script.write_text(
        f"<?php\n{code}\necho json_encode(get_defined_constants(true)['user'] ?? []);\n"
    )
    found: dict[str, object] = json.loads(run([php_with(), str(script)]))
    return found


def env_of_python(file: Path) -> dict[str, str | None]:
    """What python-dotenv reads."""
    code = "import dotenv, json, sys; print(json.dumps(dotenv.dotenv_values(sys.argv[1])))"
    found: dict[str, str | None] = json.loads(run([python_of("dotenv"), "-c", code, str(file)]))
    return found


def env_of_symfony(file: Path) -> dict[str, str | None]:
    """What Symfony's Dotenv reads."""
    php = php_with("Symfony/Component/Dotenv/autoload.php")
    script = file.with_name("dotenv.php")
    script.write_text(
        "<?php require '/usr/share/php/Symfony/Component/Dotenv/autoload.php';\n"
        "echo json_encode((new Symfony\\Component\\Dotenv\\Dotenv())"
        "->parse(file_get_contents($argv[1])));"
    )
    found: dict[str, str | None] = json.loads(run([php, str(script), str(file)]))
    return found


def env_of_node(file: Path) -> dict[str, str | None]:
    """What Node.js itself reads."""
    code = (
        "const u = require('util'), fs = require('fs');"
        "console.log(JSON.stringify(u.parseEnv(fs.readFileSync(process.argv[1], 'utf8'))))"
    )
    found: dict[str, str | None] = json.loads(
        run([needed("node", "nodejs"), "-e", code, str(file)])
    )
    return found


def url_of_environ(url: str) -> dict[str, object]:
    """What django-environ makes of EMAIL_URL."""
    code = (
        "import environ, json, sys;"
        "print(json.dumps(environ.Env.email_url_config(environ.urlparse(sys.argv[1]))))"
    )
    found: dict[str, object] = json.loads(run([python_of("environ"), "-c", code, url]))
    return found


def dsn_of_symfony(dsn: str, folder: Path) -> dict[str, object]:
    """Port, and whether TLS comes first, that Symfony takes from a DSN."""
    php = php_with("Symfony/Component/Mailer/autoload.php")
    script = folder / "dsn.php"
    script.write_text(
        "<?php require '/usr/share/php/Symfony/Component/Mailer/autoload.php';\n"
        "$stream = Symfony\\Component\\Mailer\\Transport::fromDsn($argv[1])->getStream();\n"
        "echo json_encode(['port' => $stream->getPort(), 'tls' => $stream->isTLS()]);"
    )
    found: dict[str, object] = json.loads(run([php, str(script), dsn]))
    return found


def service_of_nodemailer(name: str) -> dict[str, object]:
    """What Nodemailer knows of a service."""
    modules = os.environ.get(NODE_VARIABLE, "")
    if not modules:
        pytest.skip(f"{NODE_VARIABLE} names no folder with the npm package nodemailer")
    code = (
        "const t = require('nodemailer').createTransport({ service: process.argv[1] });"
        "const o = t.transporter.options;"
        "console.log(JSON.stringify({ host: o.host, port: o.port, secure: !!o.secure }))"
    )
    found: dict[str, object] = json.loads(
        run([needed("node", "nodejs"), "-e", code, name], NODE_PATH=modules)
    )
    return found

"""The servers that exported settings are for: each reads them, and sends one mail, by itself."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.lab.consumers import TO, needed, php_with, python_of, run
from tests.lab.postfix import free_ports

_SEND = """
Mail.new do
  from "app@example.com"
  to "%s"
  subject "subject"
  body "text"
  delivery_method :smtp, settings.reject { |_, value| value.nil? }
end.deliver!
"""
_RAILS = """
require "ostruct"
require "mail"
config = OpenStruct.new(action_mailer: OpenStruct.new)
eval(File.read(ARGV[0]))
settings = config.action_mailer.smtp_settings
abort "not smtp" unless config.action_mailer.delivery_method == :smtp
"""
# What the template smtp_settings.rb of the package makes of gitlab.rb.
_GITLAB = """
require "mail"
gitlab_rails = {}
eval(File.read(ARGV[0]))
names = %w[address port user_name password domain authentication enable_starttls_auto tls
           openssl_verify_mode ca_file]
settings = names.to_h { |name| [name.to_sym, gitlab_rails["smtp_#{name}"]] }
settings[:authentication] = settings[:authentication]&.to_sym
"""
# What config/environments/production.rb makes of the variables.
_DISCOURSE = """
require "mail"
require "yaml"
env = YAML.load_file(ARGV[0])["env"].transform_keys { |name| name.delete_prefix("DISCOURSE_SMTP_") }
force = env["FORCE_TLS"]
settings = {
  address: env["ADDRESS"], port: env["PORT"], domain: env["DOMAIN"], user_name: env["USER_NAME"],
  password: env["PASSWORD"], enable_starttls_auto: !force && env["ENABLE_START_TLS"],
  authentication: (env["AUTHENTICATION"] || "plain").to_sym, tls: force || nil, ca_file: ARGV[1]
}
"""
# As lib/private/Mail/Mailer.php sets up its transport.
_NEXTCLOUD = """<?php
require '/usr/share/php/Symfony/Component/Mailer/autoload.php';
include $argv[1];
$transport = new Symfony\\Component\\Mailer\\Transport\\Smtp\\EsmtpTransport(
    $CONFIG['mail_smtphost'], $CONFIG['mail_smtpport'],
    $CONFIG['mail_smtpsecure'] === 'ssl' ? true : null);
if ($CONFIG['mail_smtpauth']) {
    $transport->setUsername($CONFIG['mail_smtpname']);
    $transport->setPassword($CONFIG['mail_smtppassword']);
}
$stream = $transport->getStream();
$stream->setStreamOptions(array_merge_recursive(
    $stream->getStreamOptions(), $CONFIG['mail_smtpstreamoptions'] ?? []));
$from = $CONFIG['mail_from_address'] . '@' . $CONFIG['mail_domain'];
(new Symfony\\Component\\Mailer\\Mailer($transport))->send((new Symfony\\Component\\Mime\\Email())
    ->from($from)->to('%s')->subject('subject')->text('text'));
"""
_ROUTE = """
route:
  receiver: mail
  group_wait: 0s
receivers:
  - name: mail
    email_configs:
      - to: %s
"""


def _send_with_ruby(code: str, file: Path, ca_file: Path) -> None:
    ruby = needed("ruby", "ruby")
    found = subprocess.run([ruby, "-e", 'require "mail"'], capture_output=True, check=False)
    if found.returncode:
        pytest.skip("not installed: the library mail of Ruby (package ruby-mail)")
    run([ruby, "-e", code + _SEND % TO, str(file), str(ca_file)])


def send_with_rails(file: Path, ca_file: Path) -> None:
    _send_with_ruby(_RAILS, file, ca_file)


def send_with_gitlab(file: Path, ca_file: Path) -> None:
    _send_with_ruby(_GITLAB, file, ca_file)


def send_with_discourse(file: Path, ca_file: Path) -> None:
    _send_with_ruby(_DISCOURSE, file, ca_file)


def send_with_nextcloud(file: Path, _ca_file: Path) -> None:
    php = php_with("Symfony/Component/Mailer/autoload.php")
    script = file.with_suffix(".php")
    script.write_text(_NEXTCLOUD % TO)
    run([php, str(script), str(file)])


def with_route(text: str) -> str:
    """A whole configuration of Alertmanager with these settings for all."""
    return text + _ROUTE % TO


def check_alertmanager(file: Path) -> str:
    """What amtool says of a configuration."""
    return run([needed("amtool", "prometheus-alertmanager"), "check-config", str(file)])


@contextmanager
def alertmanager(file: Path, ca_file: Path) -> Iterator[str]:
    """A running Alertmanager with this configuration; its address."""
    program = needed("prometheus-alertmanager", "prometheus-alertmanager")
    (port,) = free_ports(1)
    argv = [program, f"--config.file={file}", f"--storage.path={file.parent}/data"]
    argv += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    with (file.parent / "alertmanager.log").open("wb") as log:
        running = subprocess.Popen(
            argv, stdout=log, stderr=log, env={**os.environ, "SSL_CERT_FILE": str(ca_file)}
        )
        try:
            yield f"127.0.0.1:{port}"
        finally:
            running.terminate()
            running.wait(20)


def alert(address: str) -> None:
    """Hands one alert to a running Alertmanager, as soon as it takes any."""
    body = json.dumps([{"labels": {"alertname": "test"}}]).encode()
    for _try in range(100):
        try:
            with closing(http.client.HTTPConnection(address, timeout=10)) as client:
                client.request("POST", "/api/v2/alerts", body, {"Content-Type": "application/json"})
                assert client.getresponse().status == 200
        except ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("Alertmanager takes no alert")


def environment_of_compose(file: Path) -> dict[str, str]:
    """What Compose itself gives to the service `app`."""
    program = needed("docker-compose", "docker-compose")
    told = run([program, "--file", str(file), "config"], HOME=str(file.parent))
    code = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))"
    tree = json.loads(run([python_of("yaml"), "-c", code], told))
    found: dict[str, str] = tree["services"]["app"]["environment"]
    return found


def properties_of(file: Path) -> dict[str, str]:
    """What another reader of Java's properties makes of them."""
    code = "import javaproperties, json, sys; print(json.dumps(javaproperties.load(sys.stdin)))"
    found: dict[str, str] = json.loads(
        run([python_of("javaproperties"), "-c", code], file.read_text("ascii"))
    )
    return found


def yaml_of_ruby(file: Path) -> list[object]:
    """The documents that Psych, Ruby's reader of YAML, finds."""
    code = 'require "yaml"; require "json"; puts JSON.dump(YAML.load_stream(File.read(ARGV[0])))'
    found: list[object] = json.loads(run([needed("ruby", "ruby"), "-e", code, str(file)]))
    return found

"""The real Prometheus scrapes the real exporter as `docs/serve.md` says, with TLS and password."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import yaml

from smtpcheck.sandbox.server import Sandbox
from tests.lab.consumers import needed
from tests.lab.prometheus import Prometheus, prometheus
from tests.pki import TestPki
from tests.serve.exporting import PROFILE

pytestmark = pytest.mark.lab
PASSWORD = "canary-scrape-Pa55"
CANARY = "canary-mail-Pa55"
_DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "serve.md"


def jobs() -> list[dict[str, Any]]:
    """The scrape jobs of the documentation, as they stand there."""
    blocks = re.findall(r"```yaml\n(scrape_configs:.*?)```", _DOCS.read_text(), re.DOTALL)
    return [job for block in blocks for job in yaml.safe_load(block)["scrape_configs"]]


def for_test(job: dict[str, Any], address: str, folder: Path) -> dict[str, Any]:
    """The job with the address, the profiles and the password of the test, and scraped sooner."""
    text = yaml.safe_dump(job).replace("127.0.0.1:9587", address)
    changed: dict[str, Any] = yaml.safe_load(text.replace("http://", "https://"))
    door = {
        "basic_auth": {"username": "prometheus", "password": PASSWORD},
        "tls_config": {"ca_file": str(folder / "ca.pem")},
    }
    changed |= {**door, "scheme": "https", "scrape_interval": "3s", "scrape_timeout": "3s"}
    for static in changed.get("static_configs", []):
        if static["targets"] == ["notify", "billing"]:
            static["targets"] = ["good", "bad"]
    for discovery in changed.get("http_sd_configs", []):
        discovery |= {**door, "refresh_interval": "1s"}
    return changed


@contextmanager
def exporter(folder: Path, pki: TestPki) -> Iterator[str]:
    """A process that serves every profile; its address."""
    chain, key = pki.write("good")
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(6)).decode()
    (folder / "ca.pem").write_bytes(pki.ca_file.read_bytes())
    web = folder / "web.yml"
    web.write_text(
        f"tls_server_config:\n  cert_file: {chain}\n  key_file: {key}\n"
        f"basic_auth_users:\n  prometheus: {hashed}\n"
    )
    subprocess.run([needed("promtool", "prometheus"), "check", "web-config", str(web)], check=True)
    log = folder / "serve.log"
    arguments = ["--all", "--listen", "127.0.0.1:0", "--web.config.file", str(web)]
    with (
        log.open("w") as stream,
        subprocess.Popen(
            [sys.executable, "-m", "smtpcheck", "serve", *arguments],
            env={**os.environ, "SMTPCHECK_CONFIG_DIR": str(folder / "config")},
            stderr=stream,
        ) as process,
    ):
        try:
            end = time.monotonic() + 60
            while "url=https://" not in log.read_text():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.05)
            yield log.read_text().partition("url=https://")[2].split()[0].rstrip("/")
        finally:
            process.terminate()
            assert process.wait(timeout=60) == 0
            assert CANARY not in log.read_text()
            assert PASSWORD not in log.read_text()


@pytest.fixture(scope="module")
def scraping(tmp_path_factory: pytest.TempPathFactory, pki: TestPki) -> Iterator[Prometheus]:
    """Two profiles, one with a wrong password, an exporter, and Prometheus before it."""
    needed("prometheus", "prometheus")
    folder = tmp_path_factory.mktemp("serve")
    profiles = folder / "config" / "profiles"
    profiles.mkdir(parents=True)
    with Sandbox() as server:
        for name, password in (("good", server.password), ("bad", CANARY)):
            kept = folder / f"{name}.password"
            kept.touch(mode=0o600)
            kept.write_text(password)
            text = PROFILE.format(
                enabled="true",
                port=server.submission_port,
                ca_file=server.ca_file,
                username=server.username,
                password=f'file = "{kept}"',
            )
            (profiles / f"{name}.toml").write_text(text)
        with exporter(folder, pki) as address:
            configs = [for_test(job, address, folder) for job in jobs()]
            config = yaml.safe_dump({"scrape_configs": configs})
            with prometheus(folder, config) as running:
                yield running


@pytest.mark.parametrize("job", ["smtpcheck", "smtpcheck-discovered"])
def test_both_ways_to_name_the_profiles_bring_their_metrics(scraping: Prometheus, job: str) -> None:
    which = f'job="{job}",instance="{{}}"'
    good, bad = which.format("good"), which.format("bad")
    scraping.comes(f"up{{{good}}} == 1")
    scraping.comes(f"up{{{bad}}} == 1")
    scraping.comes(f"probe_success{{{good}}} == 1")
    scraping.comes(f"probe_success{{{bad}}} == 0")
    cause = f'smtpcheck_finding_info{{{bad},cause="auth-bad-credentials",severity="error"}}'
    scraping.comes(f"{cause} == 1")
    scraping.comes(f'smtpcheck_stage_success{{{good},stage="send"}} == 1')
    scraping.comes(f"smtpcheck_held{{{good}}} == 0")
    scraping.comes(f"smtpcheck_held{{{bad}}} == 1")


def test_the_wrong_password_was_tried_once_however_often_it_is_scraped(
    scraping: Prometheus,
) -> None:
    count = 'smtpcheck_exporter_probes_total{target="bad",outcome="%s"}'
    scraping.comes(f"{count % 'held'} > 3")
    scraping.comes(f"{count % 'failed'} == 1")


def test_the_exporter_is_a_target_too(scraping: Prometheus) -> None:
    scraping.comes('up{job="smtpcheck-exporter"} == 1')
    scraping.comes("smtpcheck_config_last_reload_successful == 1")
    scraping.comes("smtpcheck_exporter_held_logins == 1")
    scraping.comes("process_open_fds > 0")


def test_what_is_discovered_has_the_labels_of_its_profile(scraping: Prometheus) -> None:
    scraping.comes('up{job="smtpcheck-discovered",instance="good"}')
    found = {
        each["discoveredLabels"]["__meta_smtpcheck_profile"]: each["discoveredLabels"]
        for each in scraping.get("targets")["activeTargets"]
        if each["labels"]["job"] == "smtpcheck-discovered"
    }
    assert found.keys() == {"good", "bad"}
    assert found["good"]["__meta_smtpcheck_tags"] == ",mail,it,"
    assert found["good"]["__meta_smtpcheck_host"] == "localhost"

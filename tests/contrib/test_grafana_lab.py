"""The dashboard, the scrape configuration and the rules, over what the real Prometheus got from the
real exporter: a target that passes and one whose log-in is refused."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contrib.pieces import (
    CONTRIB,
    PASSWORD,
    SMTPCHECK,
    good,
    mail_server,
    needed,
    serving,
    tool,
    trusting,
)
from tests.contrib.test_github_action import PROFILE
from tests.lab.postfix import free_ports
from tests.lab.prometheus import Prometheus, prometheus

DASHBOARD: dict[str, Any] = json.loads((CONTRIB / "grafana/smtpcheck.json").read_text("utf-8"))
TARGETS = ("healthy", "failing")
_MODEL = """
import json, sys
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
given = json.load(open(sys.argv[1]))
again = json.loads(json.dumps(Dashboard.from_json(given), cls=JSONEncoder))
lost = [key for key in given if key not in again]
assert not lost and len(again["panels"]) == len(given["panels"]), lost
print("read")
"""


def expressions() -> list[str]:
    """All of the dashboard, its variables filled in."""
    found = [each["expr"] for panel in DASHBOARD["panels"] for each in panel.get("targets", [])]
    for name, value in (
        *(("$__rate_interval", "1m"), ("$__range", "1h"), ("$job", ".*"), ("$target", ".*")),
        ("$detail", "healthy"),
    ):
        found = [each.replace(name, value) for each in found]
    assert not [each for each in found if "$" in each]
    return found


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus with the shipped configuration, only quicker and at another port."""
    needed("prometheus", "prometheus")
    folder = tmp_path_factory.mktemp("grafana")
    (port,) = free_ports(1)
    text = (CONTRIB / "prometheus/prometheus.yml").read_text("utf-8")
    text = text.replace("127.0.0.1:9587", f"127.0.0.1:{port}")
    text = re.sub(r"(scrape_interval|evaluation_interval|scrape_timeout): \w+", r"\1: 2s", text)
    config = text
    rules = (CONTRIB / "prometheus/smtpcheck.rules.yml").read_text("utf-8")
    (folder / "smtpcheck.rules.yml").write_text(rules)
    (folder / "profiles").mkdir()
    with mail_server() as server:
        profile = PROFILE.format(port=server.submission_port)
        for name in TARGETS:
            variable = f"{name.upper()}_PASSWORD"
            text = profile.replace("SMTP_PASSWORD", variable)
            (folder / f"profiles/{name}.toml").write_text(text)
        environment = trusting(server, folder, folder)
        environment |= {"HEALTHY_PASSWORD": PASSWORD, "FAILING_PASSWORD": "wr0ng"}
        argv = [SMTPCHECK, "serve", "--all", "--listen", f"127.0.0.1:{port}"]
        with (
            serving(argv, port, folder, environment),
            prometheus(folder, config) as running,
        ):
            yield running


def until(seen: Prometheus, expression: str, count: int = 1) -> list[dict[str, Any]]:
    """The samples, as soon as there are so many; fails where they do not come."""
    end = time.monotonic() + 40
    found: list[dict[str, Any]] = []
    while len(found) < count:
        assert time.monotonic() < end, f"{expression}: {found} {seen.state()}"
        found = seen.get("query", query=expression)["result"]
        time.sleep(0.2)
    return found


def test_the_expressions_name_only_what_the_dashboard_can_fill_in() -> None:
    assert len(expressions()) > 15


def test_the_ids_and_places_of_the_panels_do_not_collide() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24, panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells


def test_grafanas_own_model_reads_the_dashboard(tmp_path: Path) -> None:
    script = tmp_path / "check.py"
    script.write_text(_MODEL)
    assert good([tool("python"), str(script), str(CONTRIB / "grafana/smtpcheck.json")]) == "read\n"


@pytest.mark.lab
def test_every_expression_of_the_dashboard_has_data(seen: Prometheus) -> None:
    for expression in expressions():
        assert until(seen, expression)


@pytest.mark.lab
def test_the_variables_of_the_dashboard_have_values(seen: Prometheus) -> None:
    for each in DASHBOARD["templating"]["list"]:
        if each["type"] != "query":
            continue
        found = re.fullmatch(r"label_values\((.*), (\w+)\)", each["definition"])
        assert found, each["name"]
        selector = found[1].replace("$job", ".*").replace("$target", ".*")
        assert until(seen, f"count by ({found[2]}) ({selector})"), each["name"]


@pytest.mark.lab
def test_the_shipped_configuration_finds_the_targets_and_what_is_wrong_with_them(
    seen: Prometheus,
) -> None:
    good_, bad = until(seen, 'smtpcheck_exit_code{job="smtpcheck",instance=~"healthy|failing"}', 2)
    codes = {each["metric"]["target"]: each["value"][1] for each in (good_, bad)}
    assert codes == {"healthy": "0", "failing": "13"}
    assert until(seen, 'smtpcheck_finding_info{target="failing",cause="auth-bad-credentials"}')


@pytest.mark.lab
def test_the_refused_login_alerts_with_its_cause_and_is_held(seen: Prometheus) -> None:
    until(seen, 'ALERTS{alertname="SmtpcheckLoginRefused",alertstate="firing",target="failing"}')
    (alert,) = [
        each
        for each in seen.get("alerts")["alerts"]
        if each["labels"]["alertname"] == "SmtpcheckLoginRefused"
    ]
    assert "auth-bad-credentials (smtpcheck explain" in alert["annotations"]["description"]
    assert until(seen, 'smtpcheck_held{target="failing"} == 1')
    healthy = 'ALERTS{target="healthy",alertstate="firing"}'
    assert not seen.get("query", query=healthy)["result"]


@pytest.mark.lab
def test_every_recording_rule_has_data(seen: Prometheus) -> None:
    names = re.findall(r"- record: (\S+)", (CONTRIB / "prometheus/smtpcheck.rules.yml").read_text())
    assert names
    for name in names:
        assert until(seen, name), name

"""The manifests: sound by the schemas of Kubernetes, bound to each other, as closed as they claim;
and what their containers run, run."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.sandbox.server import Sandbox
from tests.contrib.pieces import (
    CONTRIB,
    PASSWORD,
    SMTPCHECK,
    documents,
    fetch,
    good,
    mail_server,
    pointed_at,
    run,
    serving,
    tool,
    trusting,
)
from tests.lab.postfix import free_ports

FOLDER = CONTRIB / "kubernetes"
_VALIDATE = """
import json, sys, kubernetes_validate
for each in json.load(sys.stdin):
    each["metadata"].setdefault("name", "made-up")
    kubernetes_validate.validate(each, kubernetes_validate.latest_version(), strict=True)
"""
# Of what the models do not know nothing is left when they write it again.
_OPERATOR = """
import json, sys
from cloudcoil.models.prometheus_operator import v1
for each in json.load(sys.stdin):
    model = getattr(v1, each["kind"]).model_validate(each)
    again = model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert again == each, again
"""


def everything() -> dict[str, dict[str, Any]]:
    """All documents by kind and name."""
    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for each in documents(path):
            meta = each.get("metadata", {})
            found[f"{each['kind']} {meta.get('name', meta.get('generateName', ''))}"] = each
    return found


ALL = everything()
OPERATOR = [each for each in ALL.values() if "coreos" in each["apiVersion"]]
PODS = {
    "exporter": ALL["Deployment smtpcheck"]["spec"]["template"],
    "cron job": ALL["CronJob smtpcheck"]["spec"]["jobTemplate"]["spec"]["template"],
    "job": ALL["Job smtpcheck-"]["spec"]["template"],
}


def container(pod: str) -> dict[str, Any]:
    (found,) = PODS[pod]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def checked_by(code: str, found: list[dict[str, Any]], folder: Path) -> None:
    script = folder / "check.py"
    script.write_text(code + "print('checked')")
    given = folder / "given.json"
    given.write_text(json.dumps(found))
    done = run(["sh", "-c", f"exec {tool('python')} {script} < {given}"])
    assert done.returncode == 0, done.stderr
    assert done.stdout == "checked\n"


def test_the_manifests_are_sound_by_the_schemas_of_kubernetes(tmp_path: Path) -> None:
    ours = [each for each in ALL.values() if each not in OPERATOR]
    checked_by(_VALIDATE, [each for each in ours if each["kind"] != "Kustomization"], tmp_path)


def test_the_operators_resources_hold_nothing_that_it_does_not_know(tmp_path: Path) -> None:
    assert {each["kind"] for each in OPERATOR} == {"PodMonitor", "Probe"}
    checked_by(_OPERATOR, OPERATOR, tmp_path)


def test_the_kustomization_names_files_that_are_there_and_leaves_out_what_it_says() -> None:
    named = set(ALL["Kustomization "]["resources"])
    there = {path.name for path in FOLDER.glob("*.yaml")}
    assert there - named == {"kustomization.yaml", "job.yaml", "podmonitor.yaml", "probe.yaml"}
    assert named <= there


@pytest.mark.parametrize("pod", PODS)
def test_a_pod_keeps_to_the_restricted_standard_and_more(pod: str) -> None:
    spec, security = PODS[pod]["spec"], container(pod)["securityContext"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert {"requests", "limits"} <= set(container(pod)["resources"])


@pytest.mark.parametrize("pod", PODS)
def test_a_pod_mounts_what_exists_where_it_says(pod: str) -> None:
    volumes = {each["name"]: each for each in PODS[pod]["spec"]["volumes"]}
    assert {each["name"] for each in container(pod)["volumeMounts"]} == set(volumes)
    for each in volumes.values():
        if "configMap" in each:
            assert f"ConfigMap {each['configMap']['name']}" in ALL
        if "secret" in each:
            assert f"Secret {each['secret']['secretName']}" in ALL


def test_service_monitor_policy_and_deployment_mean_the_same_pods_and_port() -> None:
    labels = PODS["exporter"]["metadata"]["labels"]
    for selector in (
        ALL["Deployment smtpcheck"]["spec"]["selector"]["matchLabels"],
        ALL["Service smtpcheck"]["spec"]["selector"],
        ALL["PodMonitor smtpcheck"]["spec"]["selector"]["matchLabels"],
        ALL["NetworkPolicy smtpcheck"]["spec"]["podSelector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    (port,) = container("exporter")["ports"]
    assert ALL["Service smtpcheck"]["spec"]["ports"][0]["targetPort"] == port["name"]
    assert f":{port['containerPort']}" in container("exporter")["args"]
    assert ALL["Probe smtpcheck"]["spec"]["prober"]["url"].endswith(f":{port['containerPort']}")


def test_no_secret_is_in_the_manifests() -> None:
    assert ALL["Secret smtpcheck"]["stringData"] == {"notify": "CHANGE_ME"}


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with mail_server() as running:
        yield running


def mounted(folder: Path, server: Sandbox) -> dict[str, str]:
    """The volumes below a folder, as kubelet lays them: links to a folder with a date. Returns the
    environment that points there."""
    for name, place in (("profiles", "profiles"), ("targets", "targets")):
        data = ALL[f"ConfigMap smtpcheck-{name}"]["data"]
        lay(folder / "etc/smtpcheck" / place, {k: pointed_at(v, server) for k, v in data.items()})
    lay(folder / "secrets", {"notify": PASSWORD})
    return trusting(server, folder / "etc/smtpcheck", folder / "secrets")


def lay(folder: Path, files: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    dated = folder / "..2026_11_28"
    dated.mkdir(parents=True)
    (folder / "..data").symlink_to(dated.name)
    for name, text in files.items():
        (dated / name).write_text(text, "utf-8")
        (folder / name).symlink_to(f"..data/{name}")


def variables(pod: str) -> dict[str, str]:
    """Those of the container, a reference to the secret followed."""
    found = {}
    for each in container(pod)["env"]:
        if "valueFrom" in each:
            reference = each["valueFrom"]["secretKeyRef"]
            assert reference["key"] in ALL[f"Secret {reference['name']}"]["stringData"]
            found[each["name"]] = PASSWORD
        else:
            found[each["name"]] = each["value"]
    return found


def test_the_profiles_of_the_config_map_pass_lint(tmp_path: Path, server: Sandbox) -> None:
    environment = mounted(tmp_path, server)
    done = run([SMTPCHECK, "profile", "lint", "--all"], **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 profiles" in done.stdout


def test_the_exporter_is_ready_where_the_probes_look_and_reaches_the_server(
    tmp_path: Path, server: Sandbox
) -> None:
    (port,) = free_ports(1)
    spec = container("exporter")
    arguments = [f"127.0.0.1:{port}" if each == ":9587" else each for each in spec["args"]]
    environment = variables("exporter") | mounted(tmp_path, server)
    with serving([SMTPCHECK, *arguments], port, tmp_path, environment):
        for probe in ("readinessProbe", "livenessProbe"):
            status, _ = fetch(f"http://127.0.0.1:{port}{spec[probe]['httpGet']['path']}")
            assert status == 200, probe
        for target in ALL["Probe smtpcheck"]["spec"]["targets"]["staticConfig"]["static"]:
            _, told = fetch(f"http://127.0.0.1:{port}/probe?target={target}")
            assert f'probe_success{{target="{target}"}} 1' in told


def test_the_cron_job_logs_in_and_sends_with_the_mounted_secret(
    tmp_path: Path, server: Sandbox
) -> None:
    environment = variables("cron job") | mounted(tmp_path, server)
    good([SMTPCHECK, *container("cron job")["args"]], **environment)
    assert len(server.messages) == 2


def test_the_secret_as_a_variable_logs_in_too(tmp_path: Path, server: Sandbox) -> None:
    environment = mounted(tmp_path, server)
    data = ALL["ConfigMap smtpcheck-profiles"]["data"]["notify.toml"]
    assert '{ file = "notify" }' in data
    data = data.replace('{ file = "notify" }', '{ env = "NOTIFY_PASSWORD" }')
    lay(tmp_path / "etc/smtpcheck/profiles", {"notify.toml": pointed_at(data, server)})
    shutil.rmtree(tmp_path / "secrets")
    good([SMTPCHECK, *container("cron job")["args"]], **variables("cron job") | environment)


def test_the_indexed_jobs_share_the_targets_and_miss_none(tmp_path: Path, server: Sandbox) -> None:
    spec = ALL["Job smtpcheck-"]["spec"]
    environment = variables("job") | mounted(tmp_path, server)
    assert environment["JOB_COMPLETIONS"] == str(spec["completions"])
    targets = tmp_path / "etc/smtpcheck/targets/targets.txt"
    local = f"127.0.0.1:{server.submission_port}"
    text = "\n".join(f"{local} server.helo=host{n}.example.com" for n in range(12))
    targets.write_text(f"# twelve\n{text}\nnotify server.helo=host.example.com\n")
    arguments = [
        str(tmp_path) + each if each.startswith("/etc/") else each
        for each in container("job")["args"]
    ]
    probed: list[str] = []
    for index in range(spec["completions"]):
        done = run([SMTPCHECK, *arguments], **environment, JOB_COMPLETION_INDEX=str(index))
        assert done.returncode == 0, done.stdout + done.stderr
        probed += [json.loads(line)["target"] for line in done.stdout.splitlines()]
    assert len(probed) == 13
    assert len(set(probed)) == 13


def test_the_shipped_targets_can_be_read(tmp_path: Path, server: Sandbox) -> None:
    environment = mounted(tmp_path, server)
    file = tmp_path / "etc/smtpcheck/targets/targets.txt"
    argv = [SMTPCHECK, "probe", "--targets", str(file), "--until", "dns", "--format", "jsonl"]
    done = run([*argv, "--resolver", "127.0.0.1:9", "--deadline", "2"], **environment)
    assert done.returncode != 2, done.stderr
    assert len(done.stdout.splitlines()) == 5


def test_what_is_relied_on_of_the_environment_is_not_set_here() -> None:
    assert not {"JOB_COMPLETION_INDEX", "CREDENTIALS_DIRECTORY"} & set(os.environ)

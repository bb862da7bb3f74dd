"""The pages besides `/probe`, and what is no page."""

from __future__ import annotations

import json

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open

from smtpcheck.sandbox.server import Sandbox
from tests.serve.exporting import World


def test_the_front_page_shows_profiles_and_no_markup_of_theirs(
    world: World, server: Sandbox
) -> None:
    path = world.write("a&<b>", server, server.password)
    with world.serving(path) as client:
        page = client.get("/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "&lt;b&gt;notifications&lt;/b&gt;" in page.text
    assert "<b>" not in page.text
    assert "a%26%3Cb%3E.toml" in page.text
    assert "debug=true" not in page.text


def test_profiles_are_listed_for_service_discovery(world: World, server: Sandbox) -> None:
    path = world.write("good", server, server.password)
    with world.serving(path) as client:
        answer = client.get("/targets")
    assert answer.headers["Content-Type"] == "application/json"
    (group,) = json.loads(answer.text)
    assert group["targets"] == [str(path)]
    assert group["labels"]["__meta_smtpcheck_tags"] == ",mail,it,"
    assert group["labels"]["__meta_smtpcheck_port"] == str(server.submission_port)
    assert all(isinstance(value, str) for value in group["labels"].values())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/-/healthy", 200),
        ("HEAD", "/-/healthy", 200),
        ("GET", "/-/ready", 200),
        ("GET", "/-/ready/", 404),
        ("GET", "//", 404),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/metrics/..%2f..", 404),
        ("GET", "/%00%0d%0aX: y".replace(" ", "%20"), 404),
        ("POST", "/probe", 405),
        ("DELETE", "/metrics", 405),
        ("OPTIONS", "/", 405),
        ("POST", "/-/reload", 404),
    ],
)
def test_what_is_there_and_what_is_not(
    world: World, server: Sandbox, method: str, path: str, status: int
) -> None:
    good = world.write("good", server, server.password)
    with world.serving(good) as client:
        answer = client.get(path, method=method)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "passwd" not in answer.text
    if status == 405:
        assert answer.headers["Allow"] == "GET, HEAD"


def test_reading_again_is_asked_for_by_post_alone(world: World, server: Sandbox) -> None:
    good = world.write("good", server, server.password)
    with world.serving(good, lifecycle=True) as client:
        assert client.get("/-/reload").status == 405
        assert client.get("/-/reload", method="POST").status == 200
        assert client.get("/-/reload", method="PUT").status == 200


def test_the_exporter_tells_of_itself_in_both_formats(world: World, server: Sandbox) -> None:
    good = world.write("good", server, server.password)
    with world.serving(good) as client:
        client.get("/nothing")
        client.get("/elsewhere")
        text = client.get("/metrics")
        accept = {"Accept": "application/openmetrics-text;version=1.0.0"}
        open_ = client.get("/metrics", accept)
    assert text.value("smtpcheck_exporter_http_requests_total", page="other", code="404") == 2
    assert text.value("smtpcheck_exporter_profiles") == 1
    assert text.value("smtpcheck_exporter_build_info") == 1
    names = {family.name for family in read_open(open_.text)}  # type: ignore[no-untyped-call] # has no types
    assert {"smtpcheck_exporter_probes", "process_cpu_seconds"} <= names

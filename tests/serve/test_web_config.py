"""Prometheus' web configuration: which files are taken, and what is said of others. promtool, where
it is installed, is the oracle."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpcheck.model.errors import UsageError
from smtpcheck.serve.web_config import CURVES, SUITES, WebConfigError, read_web_config
from smtpcheck.serve.web_tls import tls_context
from tests.pki import TestPki

HASH = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
FILES = "cert_file: good.pem\n  key_file: good.key\n"
GOOD = {
    "empty": "",
    "nothing in the tables": "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\n",
    "users alone": f"basic_auth_users:\n  alice: {HASH}\n  bob: '{HASH}'\n  1234: {HASH}\n",
    "tls": f"tls_server_config:\n  {FILES}",
    "tls in braces": "{tls_server_config: {cert_file: good.pem, key_file: good.key}}",
    "client certificates": f"tls_server_config:\n  {FILES}"
    "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n",
    "client certificates if given": f"tls_server_config:\n  {FILES}"
    "  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.pem\n",
    "versions": f"tls_server_config:\n  {FILES}  min_version: TLS13\n  max_version: TLS13\n",
    "old versions": f"tls_server_config:\n  {FILES}  min_version: TLS10\n  max_version: TLS12\n",
    "one curve": f"tls_server_config:\n  {FILES}  curve_preferences: [CurveP384]\n",
    "all suites": f"tls_server_config:\n  {FILES}  cipher_suites: [{', '.join(SUITES)}]\n"
    "  prefer_server_cipher_suites: false\n",
    "suites of 1.3": f"tls_server_config:\n  {FILES}  cipher_suites:\n  - TLS_AES_128_GCM_SHA256\n",
    "headers": "http_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: deny\n"
    "    Strict-Transport-Security: max-age=31536000\n",
}
BAD = {
    "unknown key": ("basic_auth_user:\n  alice: x\n", 1, "did you mean basic_auth_users?"),
    "unknown key in a table": ("tls_server_config:\n  cert_fle: a\n", 2, "did you mean cert_file?"),
    "no YAML": ("tls_server_config: [\n", 2, ""),
    "a list at the top": ("- a\n", 1, ""),
    "twice": (f"basic_auth_users:\n  a: {HASH}\n  a: {HASH}\n", 3, ""),
    "no key": ("tls_server_config:\n  cert_file: good.pem\n", 1, ""),
    "client CA without a policy": (
        f"tls_server_config:\n  {FILES}  client_ca_file: ca.pem\n",
        1,
        "",
    ),
    "unknown version": (f"tls_server_config:\n  {FILES}  min_version: TLS111\n", 4, ""),
    "unknown suite": (f"tls_server_config:\n  {FILES}  cipher_suites: [TLS_NULL]\n", 4, ""),
    "unknown curve": (f"tls_server_config:\n  {FILES}  curve_preferences: [CurveP257]\n", 4, ""),
    "unknown policy": (f"tls_server_config:\n  {FILES}  client_auth_type: Maybe\n", 4, ""),
    "other header": ("http_server_config:\n  headers:\n    Server: x\n", 3, ""),
    "wrong frame": ("http_server_config:\n  headers:\n    X-Frame-Options: all\n", 3, ""),
    "text for a flag": ("http_server_config:\n  http2: maybe\n", 2, ""),
    "table for a text": ("tls_server_config:\n  cert_file:\n    a: b\n", 2, ""),
}
OURS = {
    "no hash": ("basic_auth_users:\n  alice: s3cret-canary\n", 2, ""),
    "a hash of no known kind": (f"basic_auth_users:\n  alice: {HASH[:-1]}\n", 2, ""),
    "an unverified certificate": (
        f"tls_server_config:\n  {FILES}  client_auth_type: RequireAnyClientCert\n",
        4,
        "",
    ),
    "versions that exclude each other": (
        f"tls_server_config:\n  {FILES}  min_version: TLS13\n  max_version: TLS12\n",
        1,
        "",
    ),
    "a header with a line": (
        'http_server_config:\n  headers:\n    X-XSS-Protection: "a\\r\\nSet-Cookie: b"\n',
        3,
        "",
    ),
    "no duration": ("rate_limit:\n  interval: often\n  burst: 1\n", 2, ""),
    "no number": ("rate_limit:\n  interval: 1s\n  burst: many\n", 3, ""),
}


@pytest.fixture
def folder(tmp_path: Path, pki: TestPki) -> Path:
    chain, key = pki.write("good")
    shutil.copy(chain, tmp_path / "good.pem")
    shutil.copy(key, tmp_path / "good.key")
    shutil.copy(pki.ca_file, tmp_path / "ca.pem")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "web.yml"
    path.write_text(text)
    return path


def promtool_takes(path: Path) -> bool | None:
    """None where it is not installed."""
    tool = shutil.which("promtool")
    if tool is None:
        return None
    done = subprocess.run(
        [tool, "check", "web-config", path.name], cwd=path.parent, capture_output=True, check=False
    )
    return done.returncode == 0


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_is_taken_as_promtool_takes_it(folder: Path, name: str) -> None:
    path = written(folder, GOOD[name])
    config = read_web_config(path)
    if config.tls is not None:
        assert tls_context(config.tls) is not None
    assert promtool_takes(path) is not False


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_file_is_refused_with_its_line_as_promtool_refuses_it(
    folder: Path, name: str
) -> None:
    text, line, suggestion = BAD[name]
    path = written(folder, text)
    with pytest.raises(WebConfigError) as caught:
        read_web_config(path)
    first = caught.value.problems[0]
    assert (first.file, first.line, first.suggestion) == (str(path), line, suggestion)
    assert promtool_takes(path) is not True


@pytest.mark.parametrize("name", OURS)
def test_what_promtool_lets_pass_is_refused_too(folder: Path, name: str) -> None:
    text, line, _ = OURS[name]
    with pytest.raises(WebConfigError) as caught:
        read_web_config(written(folder, text))
    (problem,) = caught.value.problems
    assert problem.line == line
    assert "canary" not in repr(problem) + str(caught.value)


def test_all_problems_are_told_at_once(folder: Path) -> None:
    text = "a: 1\nhttp_server_config:\n  b: 2\nrate_limit:\n  interval: x\n"
    with pytest.raises(WebConfigError, match="3 problems in the web configuration"):
        read_web_config(written(folder, text))


def test_a_file_that_is_not_there_is_a_usage_error(folder: Path) -> None:
    with pytest.raises(UsageError):
        read_web_config(folder / "other.yml")


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0.0), ("1s", 1.0), ("1m30s", 90.0), ("500ms", 0.5), ("1.5h", 5400)]
)
def test_durations_are_those_of_go(folder: Path, text: str, seconds: float) -> None:
    config = read_web_config(written(folder, f"rate_limit:\n  interval: {text}\n  burst: 2\n"))
    assert config.interval == seconds
    assert config.burst == 2


@pytest.mark.parametrize(
    "change",
    ["cert_file: nothing.pem\n  key_file: good.key", "cert_file: good.key\n  key_file: good.pem"],
)
def test_files_that_cannot_be_used_are_a_usage_error_that_names_them(
    folder: Path, change: str
) -> None:
    config = read_web_config(written(folder, f"tls_server_config:\n  {change}\n"))
    assert config.tls is not None
    with pytest.raises(UsageError) as caught:
        tls_context(config.tls)
    said = caught.value.message + "".join(caught.value.help)
    assert "nothing.pem" in said or "good.key" in said


def test_certificate_and_key_may_stand_in_the_file_itself(folder: Path) -> None:
    def block(name: str) -> str:
        return "|\n" + "".join(f"    {line}\n" for line in (folder / name).read_text().split("\n"))

    text = f"tls_server_config:\n  cert: {block('good.pem')}  key: {block('good.key')}"
    config = read_web_config(written(folder, text))
    assert config.tls is not None
    assert "PRIVATE KEY" not in repr(config)
    assert tls_context(config.tls) is not None


def test_several_curves_are_refused_where_python_cannot_hold_to_them(folder: Path) -> None:
    names = ", ".join(CURVES)
    text = f"tls_server_config:\n  {FILES}  curve_preferences: [{names}]\n"
    config = read_web_config(written(folder, text))
    assert config.tls is not None
    import ssl

    if hasattr(ssl.SSLContext, "set_groups"):
        assert tls_context(config.tls) is not None
    else:
        with pytest.raises(UsageError, match="several curves"):
            tls_context(config.tls)


_WORDS = ("tls_server_config", "basic_auth_users", "headers", "null", "!!int", HASH, "---", "<<")
_MARKS = (":", "\n", "  ", "- ", "[", "{", "}", "&a", " *a", "'", '"', "|", "\t", "#", "\x00", "? ")
_PIECES = st.sampled_from([*_WORDS, *_MARKS])


@settings(max_examples=200, deadline=None)
@given(st.lists(_PIECES, max_size=25).map("".join) | st.text(max_size=60))
def test_no_text_raises_anything_but_its_problems(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with suppress(WebConfigError):
        read_web_config(path)


def test_http2_is_said_not_to_be_spoken(folder: Path) -> None:
    config = read_web_config(written(folder, "http_server_config:\n  http2: true\n"))
    assert any("http2" in note for note in config.notes)

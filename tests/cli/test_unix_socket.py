"""A Unix socket instead of a host: what stands in its place, and what it has no use for."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine

unix = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has none")


def profile(smtpcheck: CommandLine, path: Path) -> None:
    smtpcheck.write("here", f'schema = 1\n[server]\nsocket = "{path}"\n')


@unix
@pytest.mark.parametrize("kind", ["left-behind", "file", "folder"])
def test_a_socket_that_nobody_listens_on_is_told_without_any_port(
    smtpcheck: CommandLine, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "socket"
    if kind == "left-behind":
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
    elif kind == "file":
        path.touch()
    else:
        path.mkdir()
    profile(smtpcheck, path)
    done = smtpcheck("probe", "here")
    said = " ".join(done.out.split())
    assert (done.code, "error[tcp-refused]" in said) == (11, True)
    assert "nobody listens on it" in said
    assert "587" not in said
    assert "server.host" not in said


@unix
def test_a_socket_and_a_proxy_contradict_each_other(smtpcheck: CommandLine, tmp_path: Path) -> None:
    profile(smtpcheck, tmp_path / "socket")
    for words in (
        ("--proxy", "socks5://127.0.0.1:1"),
        ("--set", "proxy.type=http", "--set", "proxy.host=p.example", "--set", "proxy.port=1"),
    ):
        done = smtpcheck("probe", "here", *words)
        assert (done.code, done.out) == (2, "")
        assert "server.socket and a proxy are both set" in done.err
        assert "leave --proxy out" in done.err


@unix
def test_no_variable_leads_a_way_to_a_socket_and_it_is_said(
    smtpcheck: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    profile(smtpcheck, tmp_path / "socket")
    done = smtpcheck("probe", "here", "--proxy", "env")
    said = " ".join(done.out.split())
    assert "error[tcp-socket-missing]" in said
    assert "--proxy env: no proxy, the server is a Unix socket of this machine" in said


@unix
def test_flags_that_mean_nothing_to_a_socket_are_said(
    smtpcheck: CommandLine, tmp_path: Path
) -> None:
    profile(smtpcheck, tmp_path / "socket")
    done = smtpcheck("probe", "here", "-6", "--resolver", "127.0.0.1")
    said = " ".join(done.out.split())
    assert "not used with a Unix socket: server.address_family, --resolver" in said

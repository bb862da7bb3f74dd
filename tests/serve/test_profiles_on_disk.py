"""What a request meets when the files of its profile have changed."""

from __future__ import annotations

from pathlib import Path

from smtpcheck.sandbox.server import Sandbox
from tests.serve.exporting import World


def test_a_profile_is_read_again_when_its_file_changes(world: World, server: Sandbox) -> None:
    path = world.write("good", server, server.password)
    with world.serving(path) as client:
        assert client.probe(path).value("probe_success") == 1
        path.write_text(path.read_text().replace('host = "localhost"', 'host = "127.0.0.1"'))
        path.write_text(path.read_text().replace("enabled = true", "enabled = false"))
        assert client.probe(path).value("smtpcheck_profile_enabled") == 0
    assert world.logged("profile read again")


def test_a_broken_file_leaves_the_last_good_settings_and_is_told(
    world: World, server: Sandbox
) -> None:
    state = "smtpcheck_config_last_reload_successful"
    path = world.write("good", server, server.password)
    whole = path.read_text()
    with world.serving(path, lifecycle=True) as client:
        assert client.get("/metrics").value(state) == 1
        path.write_text(whole.replace("port =", "prot ="))
        assert client.get("/metrics").value(state) == 0
        assert client.probe(path).value("probe_success") == 1
        assert client.get("/-/reload", method="POST").status == 500
        Path(path).unlink()
        assert client.probe(path).value("probe_success") == 1
        path.write_text(whole)
        assert client.get("/-/reload", method="POST").status == 200
        assert client.get("/metrics").value(state) == 1
    (broken, gone) = world.logged("profile not read: its last good settings stay")
    assert "prot" in broken["why"]
    assert "there is no file" in gone["why"]


def test_a_folder_of_profiles_is_put_in_place_as_kubernetes_does(
    world: World, server: Sandbox
) -> None:
    """A ConfigMap is a link to a folder that is replaced as a whole."""
    whole = world.write("good", server, server.password).read_text()
    (world.folder / "one").mkdir()
    (world.folder / "two").mkdir()
    (world.folder / "one/p.toml").write_text(whole)
    (world.folder / "two/p.toml").write_text(whole.replace("enabled = true", "enabled = false"))
    for place in ("one", "two"):
        (world.folder / place / "good.password").write_text(server.password)
    (world.folder / "data").symlink_to("one")
    path = world.folder / "data/p.toml"
    with world.serving(path) as client:
        assert client.probe(path).value("smtpcheck_profile_enabled") == 1
        (world.folder / "fresh").symlink_to("two")
        (world.folder / "fresh").rename(world.folder / "data")
        assert client.probe(path).value("smtpcheck_profile_enabled") == 0

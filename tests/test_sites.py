"""The folder of a demonstration that is kept starts also where its ports are another's by now."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from imgdash import config, sites


def ports(site_file: Path) -> dict[str, int]:
    site = config.load(site_file)
    peers = {f"{peer.name} {kind}": getattr(peer, kind) for peer in site.peers for kind in ("port", "hl7_port")}
    station = site.station
    own = {"dicom": station.dicom_port, "hl7": station.hl7_port, "web": station.web_port}
    return {**own, **peers, **{apparatus.name: apparatus.port for apparatus in site.apparatus}}


def listen(stack: ExitStack, port: int) -> socket.socket:
    server = stack.enter_context(socket.socket())
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen()
    return server


def test_a_port_that_is_taken_is_replaced_and_no_other(tmp_path: Path) -> None:
    site_file = sites.demo(tmp_path / "demo", web_port=0)
    before = ports(site_file)
    assert sites.move_ports(site_file) == {}
    with ExitStack() as stack:
        for name in ("web", "STORAGE54"):
            listen(stack, before[name])
        moved = sites.move_ports(site_file)
    after = ports(site_file)
    assert moved == {before[name]: after[name] for name in ("web", "STORAGE54")}
    assert not set(moved.values()) & set(before.values())
    assert {name for name in before if before[name] != after[name]} == {"web", "STORAGE54"}


def test_a_demonstration_that_is_running_keeps_its_ports(tmp_path: Path) -> None:
    site_file = sites.demo(tmp_path / "demo", web_port=0)
    web = ports(site_file)["web"]
    # One that is chosen at each start is nobody's.
    text = site_file.read_text(encoding="utf-8").replace(f"web_port = {web}", "web_port = 0")
    site_file.write_text(text, encoding="utf-8")
    with ExitStack() as stack:
        for port in {port for port in ports(site_file).values() if port}:
            listen(stack, port)
        assert sites.move_ports(site_file) == {}
    assert site_file.read_text(encoding="utf-8") == text


def test_no_port_is_given_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site_file = sites.demo(tmp_path / "demo", web_port=0)
    before = ports(site_file)
    found = iter([before["hl7"], 1001, 1001, 1002])
    monkeypatch.setattr(sites, "free_port", lambda: next(found))
    with ExitStack() as stack:
        for name in ("web", "STORAGE54"):
            listen(stack, before[name])
        moved = sites.move_ports(site_file)
    assert set(moved) == {before["web"], before["STORAGE54"]}
    assert set(moved.values()) == {1001, 1002}


def test_a_port_that_was_closed_a_moment_ago_is_free(tmp_path: Path) -> None:
    site_file = sites.demo(tmp_path / "demo", web_port=0)
    with ExitStack() as stack:
        server = listen(stack, ports(site_file)["web"])
        client = stack.enter_context(socket.create_connection(server.getsockname()))
        # Who closes first keeps the port waiting for late packets.
        server.accept()[0].close()
        assert client.recv(1) == b""
    assert sites.move_ports(site_file) == {}

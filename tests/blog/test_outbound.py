"""The only way to another host leads to public ones, and always ends."""

import socket
import threading
import time
from contextlib import suppress

import pytest

from blog import outbound
from tests.blog.test_index_now import Engine, listening


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "2001:db8::1",
    ],
)
def test_address_inside_is_refused(address):
    assert not outbound.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_public_address_is_not(address):
    assert outbound.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://localhost/",
        "http://user@127.0.0.1/",
        "file:///etc/passwd",
        "gopher://8.8.8.8/",
        "http:///",
        "//8.8.8.8/",
    ],
)
def test_url_that_leads_inside_is_refused(url):
    with pytest.raises(outbound.Unreachable):
        outbound.post_json(url, {})


def test_one_inner_address_among_several_is_refused(monkeypatch):
    found = [(0, 0, 0, "", (address, 80)) for address in ("8.8.8.8", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)

    with pytest.raises(outbound.Unreachable, match="not on the public Internet"):
        outbound.post_json("http://rebinds.example/", {})


def test_name_is_looked_up_once(monkeypatch):
    """A name that leads elsewhere at a second look gets no second look."""
    looks = []
    look = socket.getaddrinfo

    def counted(host, *args, **kwargs):
        looks.append(host)
        return look("127.0.0.1" if host == "rebinds.example" else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    monkeypatch.setattr(outbound, "is_public", lambda address: True)
    with listening(Engine()) as engine:
        status = outbound.post_json(f"http://rebinds.example:{engine.server_port}/", {"a": 1})

    assert status == 200
    assert engine.heard == [("/", f"rebinds.example:{engine.server_port}", {"a": 1})]
    assert looks.count("rebinds.example") == 1


def test_redirect_is_an_answer_and_not_a_way(monkeypatch):
    monkeypatch.setattr(outbound, "is_public", lambda address: True)
    with listening(Engine()) as engine:
        engine.status = 302
        assert outbound.post_json(f"http://localhost:{engine.server_port}/", {}) == 302

    assert len(engine.heard) == 1


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"no http at all\r\n\r\n"])
def test_answer_that_never_ends_is_cut_off(monkeypatch, said):
    """A byte now and then keeps every timeout of a socket from running out."""
    monkeypatch.setattr(outbound, "is_public", lambda address: True)
    over = threading.Event()

    def trickle(server):
        connection, _ = server.accept()
        with connection:
            connection.sendall(said)
            while not over.wait(0.05):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=trickle, args=[server])
        thread.start()
        start = time.monotonic()
        with suppress(outbound.Unreachable):  # unless a status came in time
            outbound.post_json(f"http://localhost:{server.getsockname()[1]}/", {}, seconds=0.5)
        took = time.monotonic() - start
        over.set()
        thread.join(10)

    assert took < 5


def test_nobody_there_is_said(monkeypatch):
    monkeypatch.setattr(outbound, "is_public", lambda address: True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(outbound.Unreachable, match="localhost: "):
        outbound.post_json(f"http://localhost:{port}/", {})

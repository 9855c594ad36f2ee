"""One command serves the site, and says in one line why it cannot."""

import http.client
import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.system import (
    ROOT,
    command_of,
    descendants,
    development,
    free_port,
    is_alive,
    manage,
    only,
    running,
    until,
)

pytestmark = pytest.mark.processes


def status(port: int) -> int:
    """The status of the sign-in page; 0 where nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/admin/login/")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def test_serve_keeps_the_site_up_until_ctrl_c_and_leaves_nothing_behind(prepared):
    port = free_port()
    web, worker = "config.web", "worker --unsupervised"

    with running("manage.py", "serve", "--port", str(port), **prepared) as server:
        said = [server.stdout.readline().strip() for _ in range(6)]
        processes = descendants(server.pid)
        for name in (web, worker):
            victim = next(pid for pid in processes if name in command_of(pid))
            os.kill(victim, signal.SIGKILL)
            until(lambda gone=victim: not is_alive(gone))
        after_the_kill = until(lambda: status(port))
        replaced = until(lambda: len(now := descendants(server.pid)) == 3 and now)
        server.send_signal(signal.SIGINT)
        code = server.wait(timeout=30)

    assert said == [
        "",
        f"The site      http://localhost:{port}/",
        f"The newsroom  http://localhost:{port}/admin/",
        f"Sent mail     http://localhost:{port}/mailbox/",
        "",
        "Ctrl-C stops it.",
    ]
    assert after_the_kill == 200
    assert not {*processes} & {*replaced}
    assert code == 0
    assert [pid for pid in (*processes, *replaced) if is_alive(pid)] == []


def test_serve_stopped_while_it_starts_leaves_nothing_behind(prepared, tmp_path):
    port = free_port()
    serve = [sys.executable, ROOT / "manage.py", "serve", "--port", str(port)]

    # Called from another folder, too, as a service manager does.
    with subprocess.Popen(serve, cwd=tmp_path, env=only(prepared)) as server:
        processes = until(lambda: len(now := descendants(server.pid)) == 3 and now)
        server.terminate()
        code = server.wait(timeout=8)

    assert code == 0
    assert [pid for pid in processes if is_alive(pid)] == []


def test_serve_names_a_taken_port(prepared):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = manage("serve", "--port", str(port), **prepared)

    assert code == 1
    assert said == (
        f"Port {port} on 127.0.0.1 cannot be used (Address already in use). "
        f"Choose another, for example: --port {port + 1}\n"
    )


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_start_is_refused_before_the_database_is_set_up(command, tmp_path):
    refusal = manage(command, **development(tmp_path))

    assert refusal == (1, "The database is not up to date. Run: manage.py migrate\n")


@pytest.mark.parametrize("command", [["serve"], ["worker", "--unsupervised"]])
def test_start_is_refused_where_no_mail_could_be_signed(command, prepared, tmp_path):
    key = tmp_path / "dkim.pem"

    refusal = manage(*command, **prepared, DKIM_KEY=str(key), DKIM_SELECTOR="mail")

    assert refusal == (1, f"DKIM_KEY cannot be read: {key} (No such file or directory).\n")


@pytest.mark.parametrize("command", ["serve", "prepare"])
def test_start_is_refused_without_a_database(command, tmp_path):
    nobody = f"postgres://nobody:secret@127.0.0.1:{free_port()}/nothing"

    code, said = manage(command, **development(tmp_path) | {"DATABASE_URL": nobody})

    assert code == 1
    assert said.startswith("The database cannot be used: ")
    assert said.count("\n") == 1
    assert "secret" not in said


@pytest.mark.parametrize(
    ("command", "database"),
    [("serve", "postgres://nobody@127.0.0.1:1/nothing"), ("prepare", "")],
)
def test_start_is_refused_where_nothing_can_be_written(command, database, tmp_path):
    (tmp_path / "file").touch()
    unwritable = development(tmp_path / "file" / "var") | {"DATABASE_URL": database}

    code, said = manage(command, **unwritable)

    assert code == 1
    assert said.startswith(f"{tmp_path}/file/var")
    assert "(Not a directory)" in said
    assert said.count("\n") == 1

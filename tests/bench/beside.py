"""What the site is measured beside: a bare Django view, and nginx, which sends files."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.system import ROOT, free_port, until

NGINX = """
{user}
worker_processes {workers};
daemon off;
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=100;
    keepalive_requests 10000000;
    default_type text/html;
    {temporary}
    server {{ listen 127.0.0.1:{port}; root {folder}; }}
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@contextlib.contextmanager
def bare_view(folder: Path, workers: int) -> Iterator[int]:
    """The port of a Django view that answers with the files of the folder, and does no more.

    It is served by the site's own web server with the site's own settings.
    """
    port = free_port()
    start = f"serve('tests.bench.bare:application', '127.0.0.1', {port}, {workers})"
    command = [sys.executable, "-c", f"from config.web import serve; {start}"]
    with _running(command, port, BARE_FOLDER=str(folder)):
        yield port


@contextlib.contextmanager
def nginx(folder: Path, workers: int) -> Iterator[int]:
    """The port of an nginx that sends the files of the folder."""
    port = free_port()
    place = folder.parent / "nginx"
    place.mkdir(exist_ok=True)
    temporary = "".join(f"{name}_temp_path {place}/{name};" for name in TEMPORARY)
    # Its workers would be another user's, who may not look into a temporary folder.
    user = "user root;" if os.geteuid() == 0 else ""
    text = NGINX.format(user=user, workers=workers, port=port, folder=folder, temporary=temporary)
    (place / "nginx.conf").write_text(text)
    with _running([_program("nginx"), "-p", str(place), "-c", "nginx.conf", "-e", "stderr"], port):
        yield port


def _program(name: str) -> str:
    """Distributions keep servers off the PATH of ordinary users."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin") or name


@contextlib.contextmanager
def _running(command: list[str], port: int, **more: str) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | more)
    try:
        until(lambda: _answers(port))
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

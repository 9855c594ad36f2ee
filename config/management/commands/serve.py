"""The whole site on one machine: web server and background worker."""

import os
import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from config.preflight import become_supervisor, manage, python, refuse_unready_site

# Requests that one web process works on at the same time; more wait without taking memory.
THREADS = 8


class Command(BaseCommand):
    help = (
        "Runs the web server and the background worker until Ctrl-C. A process that dies is "
        "started again."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port to listen on")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        refuse_unready_site()
        refuse_taken_port(host, port)
        # With DEBUG and no SITE_URL, the address in mails follows the port.
        os.environ["PORT"] = str(port)
        become_supervisor(
            {"web": web(host, port), "worker": manage("worker", "--unsupervised")},
            *("--host", host, "--port", str(port), "--announce", announcement(host, port)),
        )


def web(host: str, port: int) -> list[str]:
    return python(
        "granian",
        *("--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(settings.WEB_WORKERS), "--blocking-threads", str(THREADS)),
        *("--respawn-failed-workers", "--workers-kill-timeout", "10"),
        *("--no-ws", "--log-level", "error", "config.wsgi:application"),
    )


def refuse_taken_port(host: str, port: int) -> None:
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the web server does it, so that the leftovers of closed connections do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise SystemExit(
                f"Port {port} on {host} cannot be used ({error.strerror}). "
                f"Choose another, for example: --port {port + 1}"
            ) from error


def announcement(host: str, port: int) -> str:
    if not settings.DEBUG:
        return f"Serving {settings.SITE_URL}/ on {host}:{port}."
    name = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::1", "::"} else host  # noqa: S104
    here = f"http://{name}:{port}"
    return (
        f"\n  The site      {here}/\n  The newsroom  {here}/admin/\n  Sent mail     {here}/mailbox/"
        "\n\n  Ctrl-C stops it.\n"
    )

"""The whole site on one machine: web server and background worker."""

import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from config.preflight import become_supervisor, manage, python, refuse_unready_site


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
        place = ["--host", host, "--port", str(port)]
        become_supervisor(
            {
                "web": python("config.web", *place, "--workers", str(settings.WEB_WORKERS)),
                "worker": manage("worker", "--unsupervised"),
            },
            *(*place, "--announce", announcement(host, port)),
            # With DEBUG and no SITE_URL, the address in mails follows the port.
            PORT=str(port),
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

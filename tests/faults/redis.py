"""A Redis of one's own, to be emptied, hung and stopped while a site uses it."""

import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Self

from tests.system import free_port, until

PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server")


class Redis:
    """Not that of TEST_REDIS_URL, which other tests use at the same time. It keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        assert PROGRAM is not None
        place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        self.process = subprocess.Popen(
            [PROGRAM, *place, "--save", ""], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        until(lambda: self.say("PING").startswith("+PONG"))

    def say(self, command: str) -> str:
        """The answer to a command, as one line; empty where nobody answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
                line.sendall(f"{command}\r\n".encode())
                return line.recv(1000).decode().strip()
        except OSError:
            return ""

    def hang(self) -> None:
        """It takes connections and answers nobody."""
        self.process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *about: object) -> None:
        self.stop()

"""A PostgreSQL server of one's own, to be stopped while others work with it."""

import os
import shlex
import subprocess
from pathlib import Path
from typing import Self

import psycopg

from tests.system import ROOT

# The address, and then nothing until whoever started it hangs up.
TELL = 'echo "$TEST_DATABASE_URL"; exec cat'


class Cluster:
    """bin/services makes it and takes it away; it waits for the disk, as a real one does."""

    def __enter__(self) -> Self:
        self.services = subprocess.Popen(
            [ROOT / "bin/services", "--", "sh", "-c", TELL],
            env=os.environ | {"DURABLE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self.services.stdout.readline().strip()
        with psycopg.connect(self.url) as connection:
            self.folder = Path(connection.execute("SHOW data_directory").fetchone()[0])
        self.owner = self.folder.stat()
        program, *_ = shlex.split((self.folder / "postmaster.opts").read_text())
        self.pg_ctl = Path(program).with_name("pg_ctl")
        return self

    def __exit__(self, *about: object) -> None:
        self.services.communicate(timeout=30)

    def stop(self, mode: str) -> None:
        """`fast` lets nobody finish; `immediate` is as good as a crash."""
        self._control("stop", "-m", mode)

    def start(self) -> None:
        # Of pg_ctl's commands only this one takes the options of the last start again.
        self._control("restart")

    def restart(self, mode: str) -> None:
        self._control("restart", "-m", mode)

    def _control(self, command: str, *options: str) -> None:
        as_owner = {"user": self.owner.st_uid, "group": self.owner.st_gid, "extra_groups": []}
        subprocess.run(
            [
                self.pg_ctl,
                "-D",
                self.folder,
                "-l",
                self.folder / "log",
                "-s",
                "-w",
                command,
                *options,
            ],
            cwd=self.folder,
            check=True,
            capture_output=True,
            **(as_owner if os.geteuid() == 0 else {}),
        )

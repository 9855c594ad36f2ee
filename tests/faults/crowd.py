"""Readers who ask every web worker of a site at the same moment."""

import http.client
from pathlib import Path

from tests.faults.processes import HOST, Server
from tests.system import descendants

TIMEOUT = 20
# A worker gets its share of new connections by chance.
MOST_ATTEMPTS = 200


class Crowd:
    """Opens fresh connections until each worker holds one, then asks over all of them."""

    def __init__(self, server: Server, workers: int) -> None:
        self.server, self.workers = server, workers

    def read(self, path: str) -> list[tuple[int, str]]:
        """Status and text of every answer; at least one is from each worker."""
        lines = self._reach_everybody()
        try:
            for line in lines:
                line.request("GET", path, headers={"Host": HOST})
            answers = [line.getresponse() for line in lines]
            return [(answer.status, answer.read().decode()) for answer in answers]
        finally:
            for line in lines:
                line.close()

    def _reach_everybody(self) -> list[http.client.HTTPConnection]:
        lines: list[http.client.HTTPConnection] = []
        pids = descendants(self.server.process.pid)
        reached: set[int] = set()
        while len(reached) < self.workers:
            assert len(lines) < MOST_ATTEMPTS, (reached, pids)
            line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=TIMEOUT)
            line.connect()
            lines.append(line)
            reached = holders(pids, [each.sock.getsockname()[1] for each in lines])
        return lines


def holders(pids: list[int], ports: list[int]) -> set[int]:
    """Which of the processes hold the other end of connections from these ports."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {row[9] for row in rows if int(row[2].rpartition(":")[2], 16) in ports}
    sockets = {f"socket:[{inode}]" for inode in inodes}
    return {pid for pid in pids if sockets & open_files(pid)}


def open_files(pid: int) -> set[str]:
    found = set()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(str(each.readlink()))
        except FileNotFoundError:
            continue
    return found

"""A mail server with one folder, which speaks as much IMAP4rev1 (RFC 3501) as we do."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

USER, PASSWORD = "bounces", "p@ss"


@dataclass
class Folder:
    """Mails by their UID, and the UIDs of those that somebody marked as read."""

    name: str
    mails: dict[int, bytes]
    read: list[int] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"imap://{USER}:p%40ss@127.0.0.1:{self.port}/{self.name}"


@contextmanager
def serving(folder: Folder) -> Iterator[Folder]:
    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK IMAP4rev1\r\n")
            for line in self.rfile:
                tag, _, command = line.decode(errors="replace").strip().partition(" ")
                self.wfile.write(answer(folder, command) + f"{tag} ".encode())
                self.wfile.write(b"OK done\r\n" if is_allowed(folder, command) else b"NO way\r\n")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Talk) as server:
        folder.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield folder
        server.shutdown()


def is_allowed(folder: Folder, command: str) -> bool:
    match command.split():
        case ["LOGIN", user, password]:
            return (user, password.strip('"')) == (USER, PASSWORD)
        case ["SELECT", name]:
            return name.strip('"') == folder.name
    return True


def answer(folder: Folder, command: str) -> bytes:
    match command.split():
        case ["CAPABILITY"]:
            return b"* CAPABILITY IMAP4rev1\r\n"
        case ["LOGOUT"]:
            return b"* BYE\r\n"
        case ["UID", "SEARCH", "UNSEEN"]:
            unseen = [str(uid) for uid in folder.mails if uid not in folder.read]
            return f"* SEARCH {' '.join(unseen)}\r\n".encode()
        case ["UID", "FETCH", uid, "(BODY.PEEK[])"]:
            mail = folder.mails[int(uid)]
            return f"* 1 FETCH (UID {uid} BODY[] {{{len(mail)}}}\r\n".encode() + mail + b")\r\n"
        case ["UID", "STORE", uid, "+FLAGS", "(\\Seen)"]:
            folder.read.append(int(uid))
    return b""

"""The mail server behind `Sink`: speaks SMTP by hand, fast, and fails exactly as it is told.

    python -m tests.faults.server LOG

Prints its two ports: SMTP, and the one that takes orders as lines of JSON. Every event is a line in
LOG, handed to the system before the client hears of it: what the client was told, the log knows,
even if this process is killed. Standard library only, so that it starts in no time.
"""

import asyncio
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.rules import Rule

OFFERS = ("250-sink", "250-8BITMIME", "250-ENHANCEDSTATUSCODES", "250 SIZE 50000000")
HEADER = {
    name: re.compile(rb"^" + name.encode() + rb":\s*(\S+)", re.IGNORECASE | re.MULTILINE)
    for name in ("Message-ID", "Feedback-ID")
}


@dataclass
class Orders:
    """What the next commands meet. Connections that are open already obey new orders at once."""

    rules: dict[str, list[Rule]] = field(default_factory=dict)
    # Seconds before each answer, and beside them before the answer to a whole mail.
    delay: float = 0.0
    delay_at_end: float = 0.0
    pipelining: bool = True
    most_connections: int = 0
    most_mails: int = 0
    keep_raw: bool = False

    @classmethod
    def parse(cls, line: bytes) -> "Orders":
        values = json.loads(line)
        by_phase: dict[str, list[Rule]] = {}
        for rule in values.pop("rules", []):
            by_phase.setdefault(rule["at"], []).append(Rule(**rule))
        return cls(rules=by_phase, **values)


class Book:
    """The log on disk, the raw mails beside it, and the counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.counts: Counter[str] = Counter()

    def write(self, event: str, whom: str = "", detail: str = "", headers: bytes = b"") -> None:
        self.counts[event] += 1
        found = [_header(headers, name) for name in HEADER]
        line = "\t".join([f"{time.time():.6f}", event, whom, *found, detail])
        # One unbuffered write: the line is with the system whatever happens to this process.
        os.write(self.file, line.encode() + b"\n")

    def keep(self, mail: bytes) -> None:
        """The mail as it was on the wire, without the final dot."""
        (self.path.parent / f"{self.counts['accepted']:06}.eml").write_bytes(mail)


def _header(headers: bytes, name: str) -> str:
    match = HEADER[name].search(headers)
    return match[1].decode("ascii", "replace") if match else ""


class Connection(asyncio.Protocol):
    """One client. `hung` is a client that gets no answer any more, to whatever it says."""

    def __init__(self, server: "Server") -> None:
        self.server = server
        self.buffer = bytearray()
        self.replies: list[str] = []
        self.recipient = ""
        self.mails = 0
        self.answered_at = 0.0
        self.in_mail = self.in_body = self.hung = self.ended = False

    # -- What asyncio calls -----------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.server.arrived(self)
        most = self.server.orders.most_connections
        if most and len(self.server.open) > most:
            self.reply("421 4.7.0 Too many connections")
            self.close()
        elif not self.meets_rule("banner"):
            self.reply("220 sink ESMTP")
        self.answer()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while not (self.hung or self.ended) and (self.take_body() if self.in_body else self.line()):
            if self.buffer and not self.server.orders.pipelining:
                self.server.book.write("spoke early", self.recipient)
                self.reply("503 5.5.0 One at a time")
                self.close()
        self.answer()

    def connection_lost(self, error: Exception | None) -> None:
        self.ended = True
        self.server.left(self)

    # -- What the client says ---------------------------------------------------------------------

    def line(self) -> bool:
        """Obey the next command; False where it is not there yet."""
        end = self.buffer.find(b"\n")
        if end < 0:
            return False
        text = self.buffer[:end].decode("utf-8", "replace").rstrip("\r")
        del self.buffer[: end + 1]
        verb, _, rest = text.partition(" ")
        getattr(self, f"on_{verb.lower()}", self.on_other)(rest)
        return True

    def on_ehlo(self, rest: str) -> None:
        if not self.meets_rule("EHLO"):
            offers = ("250-PIPELINING",) if self.server.orders.pipelining else ()
            for offer in (*OFFERS[:1], *offers, *OFFERS[1:]):
                self.reply(offer)

    def on_helo(self, rest: str) -> None:
        if not self.meets_rule("EHLO"):
            self.reply("250 sink")

    def on_mail(self, rest: str) -> None:
        most = self.server.orders.most_mails
        if most and self.mails >= most:
            self.reply("421 4.7.0 Too many mails on this connection")
            self.close()
        elif not self.meets_rule("MAIL"):
            self.mails += 1
            self.in_mail, self.recipient = True, ""
            self.reply("250 2.1.0 OK")

    def on_rcpt(self, rest: str) -> None:
        address = rest.partition("<")[2].partition(">")[0]
        if not self.in_mail:
            self.reply("503 5.5.1 MAIL first")
        elif self.recipient:
            self.reply("452 4.5.3 One recipient a mail")
        elif not self.meets_rule("RCPT", address):
            self.recipient = address
            self.reply("250 2.1.5 OK")

    def on_data(self, rest: str) -> None:
        if not self.recipient:
            self.reply("503 5.5.1 No valid recipient")
        elif not self.meets_rule("DATA", self.recipient):
            self.in_body = True
            self.reply("354 Go on")

    def on_rset(self, rest: str) -> None:
        self.in_mail, self.recipient = False, ""
        self.reply("250 2.0.0 OK")

    def on_noop(self, rest: str) -> None:
        self.reply("250 2.0.0 OK")

    def on_quit(self, rest: str) -> None:
        if not self.meets_rule("QUIT"):
            self.reply("221 2.0.0 Bye")
            self.close()

    def on_other(self, rest: str) -> None:
        self.reply("502 5.5.2 Not known")

    def take_body(self) -> bool:
        """Take the mail whose content came; False where its final dot is not there yet."""
        if self.buffer and self.meets_rule("body", self.recipient):
            return True
        if self.buffer.startswith(b".\r\n"):
            end, after = 0, 3
        else:
            end = self.buffer.find(b"\r\n.\r\n") + 2
            after = end + 3
        if end == 1:
            return False
        mail = bytes(self.buffer[:end])
        del self.buffer[:after]
        self.in_body = self.in_mail = False
        self.finish(mail)
        return True

    def finish(self, mail: bytes) -> None:
        headers = mail[: mail.find(b"\r\n\r\n") + 2]
        rule = self.server.rule_for("END", self.recipient)
        if rule is None or rule.accepts:
            self.server.book.write("accepted", self.recipient, rule.do if rule else "", headers)
            if self.server.orders.keep_raw:
                self.server.book.keep(mail)
        loop = asyncio.get_running_loop()
        self.answered_at = loop.time() + self.server.orders.delay_at_end
        if rule is None:
            self.reply("250 2.0.0 OK queued")
        else:
            self.obey(rule, self.recipient, headers)
        self.recipient = ""

    # -- What the client hears --------------------------------------------------------------------

    def meets_rule(self, phase: str, recipient: str = "") -> bool:
        rule = self.server.rule_for(phase, recipient)
        if rule is not None:
            self.obey(rule, recipient)
        return rule is not None

    def obey(self, rule: Rule, recipient: str, headers: bytes = b"") -> None:
        event = "after accepting" if rule.accepts else rule.at
        self.server.book.write(event, recipient, rule.do, headers)
        if rule.act == "drop":
            self.answer()  # what it said yes to before, the client hears
            self.ended = True
            self.transport.abort()
        elif rule.act == "hang":
            self.hung = True
        else:
            self.reply(rule.act)
            if rule.act.startswith("421"):
                self.close()

    def reply(self, line: str) -> None:
        self.replies.append(line)

    def close(self) -> None:
        """Hear no more; what was said so far is still answered."""
        self.ended = True

    def answer(self) -> None:
        """Send the replies to all that came in one piece, after the delay and in order."""
        loop, delay = asyncio.get_running_loop(), self.server.orders.delay
        self.answered_at = max(self.answered_at, loop.time() + delay)
        if self.replies:
            text = "".join(f"{line}\r\n" for line in self.replies).encode()
            self.replies.clear()
            self.at_its_time(self.transport.write, text)
        if self.ended and not self.transport.is_closing():
            self.at_its_time(self.transport.close)

    def at_its_time(self, act: Callable[..., None], *arguments: bytes) -> None:
        loop = asyncio.get_running_loop()
        if self.answered_at <= loop.time():
            act(*arguments)
        else:
            # The later of two calls for one moment comes later.
            self.answered_at += 1e-6
            loop.call_at(self.answered_at, act, *arguments)


class Server:
    def __init__(self, log: Path) -> None:
        self.orders = Orders()
        self.book = Book(log)
        self.open: set[Connection] = set()
        self.most_open = 0

    def arrived(self, connection: Connection) -> None:
        self.open.add(connection)
        self.most_open = max(self.most_open, len(self.open))
        self.book.write("connected")

    def left(self, connection: Connection) -> None:
        self.open.discard(connection)
        self.book.write("closed")

    def rule_for(self, phase: str, recipient: str) -> Rule | None:
        rules = self.orders.rules.get(phase, ())
        return next((rule for rule in rules if rule.applies_to(recipient)), None)

    async def take_orders(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A line of orders, or an empty one; either is answered with the counts."""
        while line := await reader.readline():
            if line.strip():
                self.orders = Orders.parse(line)
            counts = dict(self.book.counts, open=len(self.open), most_open=self.most_open)
            writer.write(json.dumps(counts).encode() + b"\n")
        writer.close()

    async def serve(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        smtp = await loop.create_server(lambda: Connection(self), "127.0.0.1", port, backlog=500)
        orders = await asyncio.start_server(self.take_orders, "127.0.0.1", 0)
        print(*(one.sockets[0].getsockname()[1] for one in (smtp, orders)), flush=True)
        await smtp.serve_forever()


if __name__ == "__main__":
    asyncio.run(Server(Path(sys.argv[1])).serve(int(sys.argv[2]) if len(sys.argv) > 2 else 0))

"""The SMTP conversation, phase by phase (RFC 5321, pipelined as in RFC 2920), without blocking.

What matters is to know at every moment whether the server can have taken a mail. It cannot before
it was given the final dot; it has once it answered 2xx to that; in between nobody can tell (RFC
1047). smtplib opens the connection and signs in; from there on a `Connection` drives itself.
"""

import re
import smtplib
import socket
import ssl
import time
from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from django.utils.translation import gettext

# A server that gave up over a mail's text has this long to say so, before the dot makes it
# undecidable.
LAST_LOOK = 0.0005
# The server is closing the connection (RFC 5321 section 3.8).
GOING_AWAY = 421
READ_AT_ONCE = 65536
# RFC 5321 section 4.5.3.1.5 allows 512 octets; a server that never ends its line is no server.
LONGEST_REPLY = 10_000
# A connection is opened while the others wait, so not for long.
MOST_TO_OPEN = 10.0


class Phase(Enum):
    """What a reply is the answer to."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    END = "END"
    RESET = "RSET"


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    username: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False
    timeout: float = 60.0
    own_name: str = "localhost"


@dataclass(slots=True, eq=False)
class Mail:
    """One message for one recipient.

    `content` is given with `go()`: lines ended by CRLF, none of which starts with a dot.
    """

    sender: str
    recipient: str
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server takes mail for this recipient, and waits for `go()` or `withdraw()`."""

    mail: Mail


@dataclass(frozen=True, slots=True)
class Replied:
    """The server's final word on a mail: taken where `phase` is END and `code` 2xx."""

    mail: Mail
    phase: Phase
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection ended. Where `phase` is END, nobody knows whether the mail was taken."""

    mail: Mail
    phase: Phase
    reason: str


type Event = Accepted | Replied | Lost


class CannotOpenError(Exception):
    """No connection, or not the one that was asked for. `code` is 0 where nobody answered."""

    def __init__(self, reason: str, code: int = 0) -> None:
        super().__init__(reason)
        self.code = code


def connect(server: Server) -> "Connection":
    """Open a connection and sign in; raises CannotOpenError. Blocks for some seconds at most."""
    try:
        client = _sign_in(server)
    except smtplib.SMTPResponseException as fault:
        reply = fault.smtp_error
        text = reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)
        raise CannotOpenError(f"{fault.smtp_code} {text}", fault.smtp_code) from fault
    except (OSError, smtplib.SMTPException) as fault:
        raise CannotOpenError(f"{type(fault).__name__}: {fault}") from fault
    if client.sock is None:
        raise CannotOpenError(gettext("The server hung up."))
    if client.file is not None:
        client.file.close()
    return Connection(client.sock, pipelining=client.has_extn("pipelining"), timeout=server.timeout)


def _sign_in(server: Server) -> smtplib.SMTP:
    kind = smtplib.SMTP_SSL if server.tls else smtplib.SMTP
    patience = min(server.timeout, MOST_TO_OPEN)
    client = kind(server.host, server.port, server.own_name, timeout=patience)
    try:
        client.ehlo_or_helo_if_needed()
        if server.starttls:
            client.starttls(context=ssl.create_default_context())
            client.ehlo_or_helo_if_needed()
        if server.username:
            client.login(server.username, server.password)
    except (OSError, smtplib.SMTPException):
        client.close()
        raise
    return client


@dataclass(slots=True, eq=False)
class Connection:
    """At most one mail whose text is on its way, and behind it the envelope of the next one."""

    sock: socket.socket
    pipelining: bool
    timeout: float
    envelope: Mail | None = None
    in_hand: Mail | None = None
    closed: bool = False
    _dot_due: float | None = None
    _dot_given: bool = False
    _script: deque[tuple[Phase, bytes, Mail]] = field(default_factory=deque)
    _expected: deque[tuple[Phase, Mail]] = field(default_factory=deque)
    _outbox: bytes = b""
    _inbox: bytes = b""
    _deadline: float = 0.0
    _events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def fileno(self) -> int:
        return self.sock.fileno()

    # --- What the caller may ask for ----------------------------------------------------------

    @property
    def wants_mail(self) -> bool:
        """Whether the next envelope may be offered: nothing before it but a dot on its way."""
        return not self.closed and self.envelope is None and (not self.in_hand or self._dot_given)

    @property
    def is_idle(self) -> bool:
        return self.envelope is None and self.in_hand is None

    @property
    def wants_to_write(self) -> bool:
        return bool(self._outbox)

    def offer(self, mail: Mail) -> None:
        """Send the envelope; an Accepted or Replied event will follow."""
        self.envelope = mail
        self._say(Phase.MAIL, f"MAIL FROM:<{mail.sender}>", mail)
        self._say(Phase.RCPT, f"RCPT TO:<{mail.recipient}>", mail)
        self._continue()

    def go(self, content: bytes) -> None:
        """Send the text of the mail whose recipient was accepted."""
        mail, self.envelope = self.envelope, None
        assert mail is not None  # noqa: S101  (only after an Accepted)
        mail.content = content
        self.in_hand, self._dot_given = mail, False
        self._say(Phase.DATA, "DATA", mail)
        self._continue()

    def withdraw(self) -> None:
        """Take back the mail whose recipient was accepted; the server forgets the envelope."""
        mail, self.envelope = self.envelope, None
        assert mail is not None  # noqa: S101
        self._say(Phase.RESET, "RSET", mail)
        self._continue()

    def wakes_at(self) -> float | None:
        """When `attend()` should be called even if nothing arrives (time.monotonic)."""
        if self._dot_due is not None:
            return self._dot_due
        return self._deadline if self._expected or self._outbox else None

    def needs_attention(self, now: float) -> bool:
        """Whether there is something to do for it although nothing arrived."""
        wakes_at = self.wakes_at()
        is_time = wakes_at is not None and wakes_at <= now
        return self.closed or bool(self._outbox) or is_time

    def attend(self, *, readable: bool = False) -> list[Event]:
        """Read, write and look at the clock; returns what happened."""
        if readable:
            self._read()
        if not self.closed:
            self._look_at_clock()
        if not self.closed:
            self._write()
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        """Say goodbye without waiting for an answer."""
        if not self.closed:
            self._outbox += b"QUIT\r\n"
            self._write()
            self._shut()

    def abandon(self, reason: str) -> list[Event]:
        """Hang up at once; returns what that leaves lost."""
        self._lose(reason)
        events, self._events = self._events, []
        return events

    # --- Speaking -----------------------------------------------------------------------------

    def _say(self, phase: Phase, line: str, mail: Mail) -> None:
        self._script.append((phase, line.encode("ascii") + b"\r\n", mail))

    def _continue(self) -> None:
        """Write as much of the script as may be written before an answer is there."""
        while self._script and self._may_speak():
            phase, line, mail = self._script.popleft()
            self._outbox += line
            self._expect(phase, mail)
        self._write()

    def _may_speak(self) -> bool:
        """RFC 2920 section 3.1: whatever follows DATA waits for its answer."""
        if self._dot_due is not None:
            return False
        if not self._expected:
            return True
        return self.pipelining and self._expected[-1][0] is not Phase.DATA

    def _expect(self, phase: Phase, mail: Mail) -> None:
        self._expected.append((phase, mail))
        self._deadline = time.monotonic() + self.timeout

    def _write(self) -> None:
        if not self._outbox or self.closed:
            return
        try:
            sent = self.sock.send(self._outbox)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as fault:
            self._lose(f"{type(fault).__name__}: {fault}")
            return
        self._outbox = self._outbox[sent:]
        self._deadline = time.monotonic() + self.timeout

    # --- Listening ----------------------------------------------------------------------------

    def _read(self) -> None:
        try:
            while not self.closed:
                received = self.sock.recv(READ_AT_ONCE)
                if not received:
                    self._hear_all()
                    self._lose(gettext("The server hung up."))
                    return
                self._inbox += received
                if len(received) < READ_AT_ONCE and not isinstance(self.sock, ssl.SSLSocket):
                    break
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError as fault:
            self._hear_all()
            self._lose(f"{type(fault).__name__}: {fault}")
            return
        self._hear_all()

    def _hear_all(self) -> None:
        """Take every whole reply out of the inbox (RFC 5321 section 4.2.1)."""
        while not self.closed and (match := _REPLY.match(self._inbox)):
            lines = match[0].decode("utf-8", "replace").splitlines()
            self._inbox = self._inbox[match.end() :]
            text = " ".join(line[4:].strip() for line in lines).strip()
            self._hear(int(lines[-1][:3]), text)
        if len(self._inbox) > LONGEST_REPLY:
            self._lose(gettext("The server talks without end."))

    def _hear(self, code: int, text: str) -> None:
        if not self._expected:
            # Unasked, a server only says that it is going (421); it hangs up right after.
            return
        phase, mail = self._expected.popleft()
        self._deadline = time.monotonic() + self.timeout
        if phase in (Phase.MAIL, Phase.RCPT):
            self._hear_envelope(phase, mail, code, text)
        elif phase is Phase.DATA:
            self._hear_data(mail, code, text)
        elif phase is Phase.END:
            self.in_hand, self._dot_given = None, False
            self._events.append(Replied(mail, phase, code, text))
        self._continue()

    def _hear_envelope(self, phase: Phase, mail: Mail, code: int, text: str) -> None:
        if mail is not self.envelope:
            return  # refused at MAIL already: this answers the RCPT that was on its way
        if 200 <= code < 300:
            if phase is Phase.RCPT:
                self._events.append(Accepted(mail))
            return
        self.envelope = None
        self._script = deque(step for step in self._script if step[2] is not mail)
        self._say(Phase.RESET, "RSET", mail)
        self._events.append(Replied(mail, phase, code, text))

    def _hear_data(self, mail: Mail, code: int, text: str) -> None:
        if code != 354:
            self.in_hand = None
            self._say(Phase.RESET, "RSET", mail)
            self._events.append(Replied(mail, Phase.DATA, code, text))
            return
        self._outbox += mail.content
        self._dot_due = time.monotonic() + LAST_LOOK

    # --- The clock, and the end ---------------------------------------------------------------

    def _look_at_clock(self) -> None:
        now = time.monotonic()
        if self._dot_due is not None and not self._outbox and now >= self._dot_due:
            self._read()  # whether the server has hung up over the text
            if not self.closed:
                self._give_dot()
        elif (self._expected or self._outbox) and now >= self._deadline:
            self._lose(
                gettext("No answer for %(timeout)s seconds.") % {"timeout": f"{self.timeout:.0f}"}
            )

    def _give_dot(self) -> None:
        mail, self._dot_due = self.in_hand, None
        assert mail is not None  # noqa: S101
        self._dot_given = True
        self._outbox += b".\r\n"
        self._expect(Phase.END, mail)
        self._continue()

    def _lose(self, reason: str) -> None:
        if self.closed:
            return
        self._shut()
        if self.in_hand:
            phase = Phase.END if self._dot_given else Phase.DATA
            self._events.append(Lost(self.in_hand, phase, reason))
        if self.envelope:
            self._events.append(Lost(self.envelope, Phase.RCPT, reason))
        self.in_hand = self.envelope = None

    def _shut(self) -> None:
        self.closed = True
        self.sock.close()


# One reply: lines with a hyphen after the code, then one without.
_REPLY = re.compile(rb"(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r?\n")

"""A mail server on this machine that answers as a test tells it to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


@dataclass
class Sink:
    """What came in, and the rules. A rule is a reply such as `450 later`, or "drop".

    `at_rcpt` and `at_end` map a recipient to the rules of her next mails in turn; when they are
    used up the mail is taken.
    """

    port: int = 0
    at_mail: list[str] = field(default_factory=list)
    at_rcpt: dict[str, list[str]] = field(default_factory=dict)
    at_end: dict[str, list[str]] = field(default_factory=dict)
    most_per_connection: int = 1000
    connections: int = 0
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.taken]

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        session.mails = 0
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        session.mails += 1
        if session.mails > self.most_per_connection:
            return "421 4.7.0 too many mails in this session"
        if self.at_mail:
            return self.at_mail.pop(0)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if rules := self.at_rcpt.get(address):
            return self._apply(rules.pop(0), server)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        [recipient] = envelope.rcpt_tos
        rules = self.at_end.get(recipient)
        rule = rules.pop(0) if rules else ""
        if not rule or rule == "take and drop":
            message = message_from_bytes(envelope.content, policy=policy.default)
            self.taken.append((recipient, message))
        return self._apply(rule, server) if rule else "250 2.0.0 OK queued"

    def _apply(self, rule: str, server: SMTP) -> str:
        if rule.endswith("drop"):
            server.transport.abort()
            return "421 gone"
        return rule


class OnFreePort(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def running(sink: Sink, settings: Any) -> Iterator[Sink]:
    """The sink on a free port, and the site's mail going there."""
    controller = OnFreePort(sink, hostname="127.0.0.1", port=0, server_hostname="sink")
    controller.start()
    try:
        sink.port = controller.port
        settings.MAILERS = {
            "default": {
                "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "OPTIONS": {"host": "127.0.0.1", "port": sink.port, "timeout": 5},
            }
        }
        yield sink
    finally:
        controller.stop()

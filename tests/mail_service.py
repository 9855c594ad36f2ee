"""A mail service on this machine: it understands the calls of several, and answers as told."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEYS: dict[str, dict[str, Any]] = {
    "brevo": {"BREVO_API_KEY": "key"},
    "mailgun": {"MAILGUN_API_KEY": "key", "MAILGUN_SENDER_DOMAIN": "mg.example.com"},
    "mailjet": {"MAILJET_API_KEY": "key", "MAILJET_SECRET_KEY": "secret"},
    "mailtrap": {"MAILTRAP_API_TOKEN": "token"},
    "postmark": {"POSTMARK_SERVER_TOKEN": "token"},
    "resend": {"RESEND_API_KEY": "key"},
    "sparkpost": {"SPARKPOST_API_KEY": "key"},
}


@dataclass(frozen=True)
class Mail:
    """One mail as the service would send it."""

    to: list[str]
    text: str
    html: str
    headers: dict[str, str]
    delivery: str


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class MailService:
    """What came in, and the rules. A rule is a status and an answer, or one of these:

    "take": the usual answer; "take and drop": it sends the mails and hangs up; "drop": it hangs up;
    "take and hang": it sends the mails and never answers.
    """

    name: str
    rules: list[Any] = field(default_factory=list)
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    calls: list[list[Mail]] = field(default_factory=list)
    taken: list[Mail] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    @property
    def recipients(self) -> list[str]:
        return sorted(address for mail in self.taken for address in mail.to)

    def answer(self, request: Request) -> tuple[int, Any] | None:
        """Status and answer; None hangs up."""
        mails = READERS[self.name](request)
        self.requests.append(request)
        self.calls.append(mails)
        rule = self.rules.pop(0) if self.rules else "take"
        if not isinstance(rule, str):
            return rule
        if rule.startswith("take"):
            self.taken += mails
        if rule == "take and hang":
            self.over.wait(60)
        return (200, ANSWERS[self.name](mails)) if rule == "take" else None


# --- How each of them words a call ----------------------------------------------------------------


def _postmark(request: Request) -> list[Mail]:
    call = json.loads(request.body)
    return [
        Mail(
            [mail["To"]],
            mail["TextBody"],
            mail["HtmlBody"],
            {header["Name"]: header["Value"] for header in mail["Headers"]},
            mail["Metadata"]["delivery"],
        )
        for mail in (call if request.path.endswith("/batch") else [call])
    ]


def _resend(request: Request) -> list[Mail]:
    call = json.loads(request.body)
    return [
        Mail(
            mail["to"],
            mail["text"],
            mail["html"],
            mail["headers"],
            json.loads(mail["headers"]["X-Metadata"])["delivery"],
        )
        for mail in (call if request.path.endswith("/batch") else [call])
    ]


def _mailtrap(request: Request) -> list[Mail]:
    call = json.loads(request.body)
    base, mails = call.get("base", {}), call.get("requests", [call])
    return [
        Mail(
            [to["email"] for to in mail["to"]],
            mail["text"],
            mail["html"],
            mail["headers"],
            mail["custom_variables"]["delivery"],
        )
        for mail in (base | mail for mail in mails)
    ]


def _mailjet(request: Request) -> list[Mail]:
    call = json.loads(request.body)
    return [
        Mail(
            [to["Email"] for to in mail["To"]],
            mail["TextPart"],
            mail["HTMLPart"],
            mail["Headers"],
            json.loads(mail["EventPayload"])["delivery"],
        )
        for mail in (call["Globals"] | mail for mail in call["Messages"])
    ]


def _brevo(request: Request) -> list[Mail]:
    call = json.loads(request.body)
    return [
        Mail(
            [to["email"] for to in mail["to"]],
            mail["textContent"],
            mail["htmlContent"],
            mail["headers"],
            json.loads(mail["headers"]["X-Mailin-custom"])["delivery"],
        )
        for mail in (call | version for version in call.get("messageVersions", [{}]))
    ]


def _mailgun(request: Request) -> list[Mail]:
    call = parse_qs(request.body.decode())
    variables = json.loads(call.get("recipient-variables", ["{}"])[0])

    def filled_in(words: str, address: str) -> str:
        for name, value in variables.get(address, {}).items():
            words = words.replace(f"%recipient.{name}%", value)
        return words

    return [
        Mail(
            [to],
            filled_in(call["text"][0], to),
            filled_in(call["html"][0], to),
            {
                name.removeprefix("h:"): filled_in(values[0], to)
                for name, values in call.items()
                if name.startswith("h:")
            },
            filled_in(call["v:delivery"][0], to),
        )
        for to in call["to"]
    ]


def _sparkpost(request: Request) -> list[Mail]:
    call = json.loads(request.body)
    content = call["content"]
    return [
        Mail(
            [recipient["address"]["email"] for recipient in call["recipients"]],
            content["text"],
            content["html"],
            content["headers"],
            call["metadata"]["delivery"],
        )
    ]


READERS = {
    "brevo": _brevo,
    "mailgun": _mailgun,
    "mailjet": _mailjet,
    "mailtrap": _mailtrap,
    "postmark": _postmark,
    "resend": _resend,
    "sparkpost": _sparkpost,
}


def _of_postmark(mails: list[Mail]) -> Any:
    answers = [
        {"ErrorCode": 0, "Message": "OK", "MessageID": f"id-{mail.delivery}", "To": mail.to[0]}
        for mail in mails
    ]
    return answers if len(mails) > 1 else answers[0]


def _of_mailjet(mails: list[Mail]) -> Any:
    return {
        "Messages": [
            {
                "Status": "success",
                # In small letters, as some services do.
                "To": [{"Email": mail.to[0].lower(), "MessageID": int(mail.delivery)}],
            }
            for mail in mails
        ]
    }


def _of_mailtrap(mails: list[Mail]) -> Any:
    answers = [{"success": True, "message_ids": [f"id-{mail.delivery}"]} for mail in mails]
    return {"success": True, "responses": answers} if len(mails) > 1 else answers[0]


def _of_resend(mails: list[Mail]) -> Any:
    answers = [{"id": f"id-{mail.delivery}"} for mail in mails]
    return {"data": answers} if len(mails) > 1 else answers[0]


def _of_brevo(mails: list[Mail]) -> Any:
    ids = [f"<{mail.delivery}@brevo>" for mail in mails]
    return {"messageIds": ids} if len(mails) > 1 else {"messageId": ids[0]}


ANSWERS: dict[str, Callable[[list[Mail]], Any]] = {
    "brevo": _of_brevo,
    "mailgun": lambda mails: {"id": "<1@mg.example.com>", "message": "Queued. Thank you."},
    "mailjet": _of_mailjet,
    "mailtrap": _of_mailtrap,
    "postmark": _of_postmark,
    "resend": _of_resend,
    "sparkpost": lambda mails: {
        "results": {"id": "1", "total_accepted_recipients": 1, "total_rejected_recipients": 0}
    },
}


# --- Listening ------------------------------------------------------------------------------------


def _handler(service: MailService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = Request(urlsplit(self.path).path, dict(self.headers), body)
            answer = service.answer(request)
            if answer is None:
                self.close_connection = True
                return
            status, words = answer
            content = json.dumps(words).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *about: object) -> None:
            pass

    return Handler


@contextmanager
def listening(service: MailService) -> Iterator[MailService]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(service))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield service
    finally:
        service.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def settings_for(service: MailService) -> dict[str, Any]:
    """anymail's, for calls that come here."""
    return KEYS[service.name] | {f"{service.name.upper()}_API_URL": service.url}

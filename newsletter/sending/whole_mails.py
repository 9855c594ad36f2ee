"""Mail services whose calls take whole mails, so that each reader's has texts of her own.

anymail writes one text for all mails of a call, or leaves the filling in to the service, where a
writer's own braces would be filled in too. So it writes the call, and here each mail in it gets its
own texts, and the call its key.
"""

import json
import uuid
from typing import Any, ClassVar

from anymail.backends import brevo, mailjet, mailtrap, postmark, resend
from anymail.message import AnymailRecipientStatus
from django.conf import settings
from django.core.mail import mailers
from django.core.mail.backends.base import BaseEmailBackend


def connection() -> BaseEmailBackend:
    """The site's mailer, for a call of several mails where its service takes such calls.

    A new one for each call: what went over an old connection without an answer would be in doubt.
    """
    backend = BACKENDS.get(settings.MAIL_SERVICE)
    if backend is None:
        return mailers.default
    options: dict[str, Any] = settings.MAILERS["default"].get("OPTIONS", {})
    return backend(alias="default", **options)


class _WholeMails:
    """Mixed into a payload of anymail; `message` is a `calls.Call`."""

    place: ClassVar[str] = ""  # of the list of mails in the call; empty where it is the call
    text: ClassVar[str]
    html: ClassVar[str]
    message: Any

    def serialize_data(self) -> str:
        call = json.loads(super().serialize_data())  # type: ignore[misc]
        if isinstance(call, dict):
            self.sign(call)
        if self.is_batch():  # type: ignore[attr-defined]
            mails = call[self.place] if self.place else call
            for mail, (text, html) in zip(mails, self.message.texts, strict=True):
                mail |= {self.text: text, self.html: html}
        return json.dumps(call)

    def sign(self, call: dict[str, Any]) -> None:
        """Put the key of the call where the service looks for it in the call itself."""


class _BrevoPayload(_WholeMails, brevo.BrevoPayload):
    place, text, html = "messageVersions", "textContent", "htmlContent"

    def sign(self, call: dict[str, Any]) -> None:
        key = uuid.UUID(self.message.key[:32])
        call["headers"] = call.get("headers", {}) | {"idempotencyKey": str(key)}


class _MailjetPayload(_WholeMails, mailjet.MailjetPayload):
    place, text, html = "Messages", "TextPart", "HTMLPart"


class _MailtrapPayload(_WholeMails, mailtrap.MailtrapPayload):
    place, text, html = "requests", "text", "html"


class _PostmarkPayload(_WholeMails, postmark.PostmarkPayload):
    text, html = "TextBody", "HtmlBody"


class _ResendPayload(_WholeMails, resend.ResendPayload):
    text, html = "text", "html"

    def get_request_params(self, api_url: str) -> dict[str, Any]:
        params: dict[str, Any] = super().get_request_params(api_url)
        return params | {"headers": params["headers"] | {"Idempotency-Key": self.message.key}}


class _Brevo(brevo.EmailBackend):
    def build_message_payload(self, message: Any, defaults: Any) -> _BrevoPayload:
        return _BrevoPayload(message, defaults, self)


class _Mailjet(mailjet.EmailBackend):
    def build_message_payload(self, message: Any, defaults: Any) -> _MailjetPayload:
        return _MailjetPayload(message, defaults, self)


class _Mailtrap(mailtrap.EmailBackend):
    def build_message_payload(self, message: Any, defaults: Any) -> _MailtrapPayload:
        return _MailtrapPayload(message, defaults, self)


class _Postmark(postmark.EmailBackend):
    def build_message_payload(self, message: Any, defaults: Any) -> _PostmarkPayload:
        return _PostmarkPayload(message, defaults, self)

    def parse_recipient_status(self, response: Any, payload: Any, message: Any) -> Any:
        """One answer for each mail, in the order of the mails.

        anymail takes any refusal but that of an address for one of the whole call, and so would
        not tell who got hers.
        """
        answers = self.deserialize_json_response(response, payload, message)
        if not isinstance(answers, list) or len(answers) != len(payload.to_emails):
            return super().parse_recipient_status(response, payload, message)
        return {
            to.addr_spec: _PostmarkAnswer(answer)
            for to, answer in zip(payload.to_emails, answers, strict=True)
        }


class _PostmarkAnswer(AnymailRecipientStatus):
    def __init__(self, answer: dict[str, Any]) -> None:
        code, self.words = answer.get("ErrorCode", 0), str(answer.get("Message", ""))
        super().__init__(answer.get("MessageID"), self._status(code))

    def _status(self, code: int) -> str:
        """406: she bounced or complained, so Postmark sends her nothing. 300: no mail can go there
        (or something else is wrong with it).
        """
        if code == 406:
            return "rejected"
        if code == 300 and "'To'" in self.words:
            return "invalid"
        return "failed" if code else "sent"


class _Resend(resend.EmailBackend):
    def build_message_payload(self, message: Any, defaults: Any) -> _ResendPayload:
        return _ResendPayload(message, defaults, self)


BACKENDS: dict[str, type[BaseEmailBackend]] = {
    "brevo": _Brevo,
    "mailjet": _Mailjet,
    "mailtrap": _Mailtrap,
    "postmark": _Postmark,
    "resend": _Resend,
}

"""The mailbox of a site under development: pages that show the mail it would have sent.

Only config/urls.py with DEBUG on knows these pages.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.csp import CSP
from django.utils.translation import gettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

SHOWN = 100
HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
# A mail brings its styles along; nothing else in it may do anything.
MAIL_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:"],
    "frame-ancestors": [CSP.SELF],
}


@dataclass
class KeptMail:
    """One mail, kept by config.mailbox.MailboxBackend as `<time>-<random>.eml`."""

    file: Path
    message: EmailMessage

    @classmethod
    def read(cls, file: Path) -> "KeptMail":
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        return cls(file, message)  # type: ignore[arg-type]  # the policy decides the class

    @property
    def name(self) -> str:
        return self.file.stem

    @property
    def sent_at(self) -> datetime:
        return datetime.strptime(self.name[:22], "%Y%m%d-%H%M%S-%f").replace(tzinfo=UTC)

    @property
    def subject(self) -> str:
        return self.message["subject"] or gettext("(no subject)")

    @property
    def to(self) -> str:
        return self.message["to"] or ""

    @property
    def headers(self) -> list[tuple[str, str]]:
        return self.message.items()

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return part.get_content() if part else ""


def kept_files() -> list[Path]:
    """The newest first."""
    return sorted(settings.MAILBOX_DIR.glob("*.eml"), reverse=True)


def find(name: str) -> Path:
    # The URL lets no slash or dot through, so the file cannot lie elsewhere.
    file = settings.MAILBOX_DIR / f"{name}.eml"
    if not file.is_file():
        raise Http404(gettext("No such mail."))
    return file


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    files = kept_files()
    mails = [KeptMail.read(file) for file in files[:SHOWN]]
    return render(request, "mailbox/list.html", {"mails": mails, "count": len(files)})


@require_safe
def mail(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "mailbox/mail.html", {"mail": KeptMail.read(find(name))})


@require_safe
@xframe_options_sameorigin
@csp_override(MAIL_CSP)
def html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part as a page of its own, whose links open outside of the frame around it."""
    source = KeptMail.read(find(name)).html
    if not source:
        raise Http404(gettext("This mail has no HTML part."))
    target = '<base target="_blank">'
    shown, found = HEAD.subn(lambda head: head[0] + target, source, count=1)
    return HttpResponse(shown if found else target + source)


@require_safe
def raw(request: HttpRequest, name: str) -> FileResponse:
    file = find(name)
    return FileResponse(
        file.open("rb"),
        as_attachment=True,
        filename=file.name,
        content_type="message/rfc822",
    )


app_name = "mailbox"
urlpatterns = [
    path("", mailbox, name="list"),
    path("<slug:name>/", mail, name="mail"),
    path("<slug:name>/html/", html, name="html"),
    path("<slug:name>/raw/", raw, name="raw"),
]

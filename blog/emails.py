"""How every mail of the site is put together: one recipient, text and HTML, our own headers."""

from email.headerregistry import Address
from email.policy import EmailPolicy, default
from email.utils import parseaddr
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit

from css_inline import CSSInliner
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.encoding import punycode

from blog.links import absolute
from blog.models import Outgoing, Site

# Many mail programs drop <style>, so rules stand at each element; what must stay one is @media,
# which turns the colours round in the dark.
inliner = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


class _OurHeaders(EmailPolicy):
    """Folds no List-* header: some mail programs do not find a link that goes over two lines.

    Python would even encode a long one, which no mail program reads as a link (RFC 2047 section 5).
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        # Lists of addresses cannot be looked up.
        read = _header if type(value) is str else EmailPolicy.header_store_parse
        return read(self, name, value)

    def fold(self, name: str, value: str) -> str:
        is_list = name.lower().startswith("list-")
        return f"{name}: {value}{self.linesep}" if is_list else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        is_list = name.lower().startswith("list-")
        return self.fold(name, value).encode() if is_list else super().fold_binary(name, value)


@lru_cache(100)
def _header(policy: EmailPolicy, name: str, value: Any) -> tuple[str, Any]:
    """Python reads every header word by word, and most are the same in each mail."""
    return EmailPolicy.header_store_parse(policy, name, value)


@cache
def _ours(policy: EmailPolicy) -> EmailPolicy:
    return _OurHeaders() + policy


class _Mail(EmailMultiAlternatives):
    """Is put together once, be it to look for faults or to hand it over."""

    made: Any = None

    def message(self, *, policy: Any = default) -> Any:
        if self.made is None or self.made.policy is not _ours(policy):
            self.made = super().message(policy=_ours(policy))
        return self.made


def compose(
    row: Outgoing,
    *,
    to: str,
    subject: str,
    template: str,
    context: dict[str, Any],
    headers: dict[str, str] | None = None,
) -> EmailMultiAlternatives:
    """The mail that `row` stands for, from `emails/<template>.txt` and `.html`.

    Both templates get `site`, `home` and whatever `context` holds.
    """
    site = Site.current()
    context = {"site": site, "home": absolute("/"), "subject": subject} | context
    message = _Mail(
        subject=subject,
        body=render_to_string(f"emails/{template}.txt", context).strip() + "\n",
        from_email=sender(site),
        to=[to],
        reply_to=[site.reply_to] if site.reply_to else [],
        headers={
            # 128 bits of it keep the header on one line.
            "Message-ID": f"<{row.message_id[:32]}@{urlsplit(settings.SITE_URL).hostname}>",
            # RFC 3834: tells out-of-office robots not to answer.
            "Auto-Submitted": "auto-generated",
        }
        | (headers or {}),
    )
    html = render_to_string(f"emails/{template}.html", context)
    message.attach_alternative(inliner.inline(html), "text/html")
    return message


def sender(site: Site) -> str:
    """`The Example <hello@blog.example>`, quoted where a name needs it."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return _mailbox(site.sender_name or site.name or name, site.sender_email or address)


@lru_cache(10)
def _mailbox(name: str, address: str) -> str:
    local, _, domain = address.rpartition("@")
    return str(Address(display_name=name, username=local, domain=punycode(domain)))

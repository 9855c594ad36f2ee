"""What a visitor, a subscriber and the worker do, in one line each."""

import re
from email.message import EmailMessage
from typing import Any

from django.test import Client

from newsletter.models import Terms
from newsletter.tasks import send_notices

FROM_OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}


def sign_up(email: str = "mara@example.com", client: Client | None = None, **changes: Any) -> Any:
    """Post the form as a browser does; a field set to None is left out. Returns the response."""
    terms = Terms.objects.current()
    fields = {
        "email": email,
        "agreed_to_terms": "true",
        "terms_version": terms.version if terms else "",
        "website": "",
    }
    headers = FROM_OUR_PAGE | changes.pop("headers", {})
    address = changes.pop("ip", "192.0.2.7")
    fields = {name: value for name, value in (fields | changes).items() if value is not None}
    return (client or Client()).post(
        "/newsletter/subscribe/", fields, headers=headers, REMOTE_ADDR=address
    )


def send_mail() -> int:
    """Let the worker send what is due."""
    total = 0
    while looked_at := send_notices.call():
        total += looked_at
    return total


def link_in(mail: EmailMessage | Any, page: str) -> str:
    """The path of the link to /newsletter/<page>/ in the mail's text."""
    found = re.search(rf"https://blog\.example\.com(/newsletter/{page}/[^\s/]+/)", mail.body)
    assert found, f"no link to {page} in {mail.body}"
    return found[1]


def without_values(sql: str) -> str:
    """A statement that compares equal to the same one with other values."""
    sql = re.sub(r"s\d+_x\d+", "savepoint", sql)
    return re.sub(r"'(?:[^']|'')*'(?:::\w+)?|\b\d+\b", "?", sql)

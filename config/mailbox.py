"""The mailbox of a site under development: every sent mail is a file, and a page shows them."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone


class MailboxBackend(BaseEmailBackend):
    """Keep each message as `<time>-<random>.eml` in a folder instead of sending it."""

    def __init__(self, *, folder: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folder = Path(folder)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{timezone.now():%Y%m%d-%H%M%S-%f}-{secrets.token_hex(4)}"
            unfinished = self.folder / f"{name}.part"
            unfinished.write_bytes(message.message().as_bytes())
            # The page never shows half a mail.
            unfinished.rename(self.folder / f"{name}.eml")
        return len(email_messages)

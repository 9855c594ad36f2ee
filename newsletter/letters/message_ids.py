"""A Message-ID for each delivery: always the same one, and none that a stranger could make up."""

import hmac
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.encoding import punycode

from newsletter.models import Secret


class MessageIds:
    """Makes them; the key is read once."""

    def __init__(self) -> None:
        self.host = punycode(urlsplit(settings.SITE_URL).hostname or "localhost")
        self._key = Secret.objects.key("message-id")

    def of(self, delivery: int) -> str:
        code = hmac.digest(self._key, b"%d" % delivery, "sha256")
        return f"<{code.hex()[:32]}@{self.host}>"


def is_message_id_of(text: str, delivery: int) -> bool:
    """Whether a Message-ID that came back is that of this delivery."""
    own = MessageIds().of(delivery)
    return hmac.compare_digest(text.strip().encode(), own.encode())

"""Where undeliverable mail goes back to: an address of its own for each delivery (VERP).

`bounces+<delivery>-<signature>@blog.example`, so that a report need not be understood to know
whom it is about, and nobody can make one up.
"""

import hmac
import re

from django.conf import settings

from newsletter.models import Secret

_NUMBER_AND_SIGNATURE = re.compile(r"(\d{1,19})-([0-9a-f]{8})", re.IGNORECASE)


class BounceAddresses:
    """Makes and reads them; the key is read once."""

    def __init__(self) -> None:
        self._local, _, self._domain = settings.BOUNCE_ADDRESS.rpartition("@")
        self._key = Secret.objects.key("bounces")

    def of(self, delivery: int) -> str:
        return f"{self._local}+{delivery}-{self._signature(delivery)}@{self._domain}"

    def read(self, address: str) -> int | None:
        local, _, domain = address.strip().strip("<>").lower().rpartition("@")
        start = f"{self._local}+".lower()
        found = _NUMBER_AND_SIGNATURE.fullmatch(local.removeprefix(start))
        if not found or not local.startswith(start) or domain != self._domain.lower():
            return None
        delivery = int(found[1])
        return delivery if hmac.compare_digest(found[2], self._signature(delivery)) else None

    def _signature(self, delivery: int) -> str:
        return hmac.digest(self._key, b"%d" % delivery, "sha256").hex()[:8]


def delivery_of(address: str) -> int | None:
    """The delivery that a bounce to `address` is about; None where the address is not ours."""
    return BounceAddresses().read(address) if settings.BOUNCE_ADDRESS else None

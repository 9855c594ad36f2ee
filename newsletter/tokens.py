"""The links that expire. Each kind is signed under its own name, so none opens another's door.

The links at the foot of every mail are not here: they carry `Subscriber.token`, a secret of its
own that never expires.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner

# The right signature, but too old.
Expired = SignatureExpired
# Anything else that is not a token of this kind. `Expired` is one too: ask for it first.
Forged = BadSignature


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a link is for, and how long it works."""

    salt: str
    lasts: timedelta

    def token_for(self, value: object) -> str:
        return self._signer().sign(str(value))

    def read(self, token: str) -> str:
        """The value that `token` was made for; raises Expired or Forged."""
        return self._signer().unsign(token, max_age=self.lasts)

    def _signer(self) -> TimestampSigner:
        # Made anew each time, as the keys are settings. Old keys in SECRET_KEY_FALLBACKS count.
        return TimestampSigner(salt=self.salt)


CONFIRM = Purpose("newsletter.confirm", timedelta(days=7))
DATA = Purpose("newsletter.data", timedelta(hours=1))
ADDRESS = Purpose("newsletter.address", timedelta(days=1))

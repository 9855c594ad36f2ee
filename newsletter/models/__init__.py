"""What the newsletter stores."""

from newsletter.models.consent import Consent, ConsentEvidence
from newsletter.models.notice import AddressChange, Notice
from newsletter.models.secret import Secret
from newsletter.models.subscriber import Subscriber
from newsletter.models.terms import Terms

__all__ = [
    "AddressChange",
    "Consent",
    "ConsentEvidence",
    "Notice",
    "Secret",
    "Subscriber",
    "Terms",
]

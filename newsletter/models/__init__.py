"""What the newsletter stores."""

from newsletter.models.consent import Consent, ConsentEvidence
from newsletter.models.counted import CountedDay, CountedLink
from newsletter.models.delivery import Delivery
from newsletter.models.digest import Digest, DigestRun
from newsletter.models.feedback import Feedback
from newsletter.models.import_batch import ImportBatch, ImportFile
from newsletter.models.issue import FrozenMail, Issue, IssuePost
from newsletter.models.notice import AddressChange, Notice
from newsletter.models.odometer import Odometer
from newsletter.models.pace import Pace
from newsletter.models.secret import Secret
from newsletter.models.settings import NewsletterSettings
from newsletter.models.subscriber import Subscriber
from newsletter.models.terms import Terms

__all__ = [
    "AddressChange",
    "Consent",
    "ConsentEvidence",
    "CountedDay",
    "CountedLink",
    "Delivery",
    "Digest",
    "DigestRun",
    "Feedback",
    "FrozenMail",
    "ImportBatch",
    "ImportFile",
    "Issue",
    "IssuePost",
    "NewsletterSettings",
    "Notice",
    "Odometer",
    "Pace",
    "Secret",
    "Subscriber",
    "Terms",
]

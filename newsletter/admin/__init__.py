"""The newsletter's rooms of the newsroom: what is sent, who reads, and what they agreed to."""

from newsletter.admin.digests import DigestAdmin
from newsletter.admin.issues import IssueAdmin
from newsletter.admin.notices import NoticeAdmin
from newsletter.admin.settings import NewsletterSettingsAdmin
from newsletter.admin.subscribers import SubscriberAdmin
from newsletter.admin.terms import TermsAdmin

__all__ = [
    "DigestAdmin",
    "IssueAdmin",
    "NewsletterSettingsAdmin",
    "NoticeAdmin",
    "SubscriberAdmin",
    "TermsAdmin",
]

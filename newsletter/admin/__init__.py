"""The newsletter's rooms of the newsroom: who reads, and what they agreed to."""

from newsletter.admin.notices import NoticeAdmin
from newsletter.admin.settings import NewsletterSettingsAdmin
from newsletter.admin.subscribers import SubscriberAdmin
from newsletter.admin.terms import TermsAdmin

__all__ = ["NewsletterSettingsAdmin", "NoticeAdmin", "SubscriberAdmin", "TermsAdmin"]

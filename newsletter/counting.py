"""Counting that a link was followed, or the picture loaded, and by nobody in particular.

docs/counting.md says what counts, what does not, and why the numbers are estimates.
"""

import logging
from datetime import timedelta
from ipaddress import ip_address

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from blog.network import address_of, network_of
from newsletter.models import CountedDay, CountedLink, NewsletterSettings
from newsletter.models.counted import PICTURE
from newsletter.robots import is_a_readers

logger = logging.getLogger("pennypost.newsletter")

# Nobody has read a mail so soon after its issue began to leave.
HEAD_START = timedelta(seconds=30)
# A network that follows more links of an issue than that, each within so many seconds of the one
# before, checks them.
MOST_AT_ONCE, WITHIN = 3, 5


def count(link: CountedLink, request: HttpRequest) -> None:
    """Add to the sum what looks like a reader's doing.

    Whatever goes wrong with that is no matter of the reader's, who only wants to get on.
    """
    try:
        if is_a_readers(request) and _is_wanted(link) and not _is_too_early(link):
            _add(link, request)
    except Exception as fault:  # the database is busy or gone, or the cache is
        logger.warning("A click or a load was not counted: %s", type(fault).__name__)


def _is_wanted(link: CountedLink) -> bool:
    """Whether the newsletter's settings say today what they said when it was sent."""
    settings = NewsletterSettings.current()
    return settings.counts_loads if link.number == PICTURE else settings.counts_clicks


def _is_too_early(link: CountedLink) -> bool:
    started_at = link.issue.started_at
    return started_at is None or timezone.now() < started_at + HEAD_START


def _add(link: CountedLink, request: HttpRequest) -> None:
    # Pictures come through the proxies of mailbox providers, many from the same few networks.
    if link.number == PICTURE or not _is_in_a_burst(link, request):
        CountedDay.objects.add(link.pk, timezone.localdate())


def _is_in_a_burst(link: CountedLink, request: HttpRequest) -> bool:
    """Whether its network follows one link after the other; takes back what of it was counted.

    The cache remembers for WITHIN seconds how often each link was followed from there. It is
    written before the database is asked for anything, so that links followed all at once are seen.
    """
    address = address_of(request)
    if address is None or ip_address(address).is_private:
        return False  # a proxy that nobody named, behind which everybody looks the same
    there = f"{link.issue_id} {network_of(address)}"
    key = f"clicks-{salted_hmac('newsletter.counting', there, algorithm='sha256').hexdigest()}"
    before: dict[int, int] = cache.get(key, {})
    is_burst = len(before.keys() | {link.pk}) > MOST_AT_ONCE
    now = before | {link.pk: before.get(link.pk, 0) + 1}
    cache.set(key, dict.fromkeys(now, 0) if is_burst else now, WITHIN)
    if is_burst:
        for pk, times in before.items():
            if times:
                CountedDay.objects.take_back(pk, timezone.localdate(), times)
    return is_burst

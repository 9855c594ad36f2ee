"""Telling search engines which addresses to look at again: https://www.indexnow.org/documentation

Off until the operator sets INDEXNOW_KEY. Rows wait in the database, written together with the
change that they are about; the worker tells them, many in one request.
"""

import logging
from datetime import timedelta
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from blog import outbound
from blog.links import absolute
from blog.models import Announcement, Limit, Post
from blog.outbox import GAPS, gap

logger = logging.getLogger("pennypost.index_now")

# It hands on what it hears to all search engines that take part.
ENDPOINT = "https://api.indexnow.org/indexnow"
TAKEN = (200, 202)
# In one request; ten thousand are allowed.
MOST = 500


def announce(most: int = MOST) -> int:
    """Tell what is due; returns how many addresses that were."""
    rows = Announcement.objects.claim(most)
    told = _known_outside(rows)
    fault = _tell(told) if told else ""
    if not fault:
        Announcement.objects.as_claimed(rows).delete()
    else:
        _complain(fault)
        _wait(rows)
    return len(rows)


def _known_outside(rows: list[Announcement]) -> list[Announcement]:
    """A post that was scheduled and then withdrawn was never anybody's business."""
    unknown = [row.path for row in rows if not row.was_public]
    slugs = [path.split("/")[-2] for path in unknown]
    visible = Post.objects.published().filter(slug__in=slugs).values_list("slug", flat=True)
    seen = {f"/posts/{slug}/" for slug in visible}
    return [row for row in rows if row.was_public or row.path in seen]


def _tell(rows: list[Announcement]) -> str:
    """What went wrong; nothing where it went well."""
    key = settings.INDEXNOW_KEY
    data = {
        "host": urlsplit(settings.SITE_URL).netloc,
        "key": key,
        "keyLocation": absolute(reverse("blog:index_now_key", args=[key])),
        "urlList": [absolute(quote(row.path)) for row in rows],
    }
    try:
        status = outbound.post_json(ENDPOINT, data)
    except outbound.Unreachable as fault:
        return str(fault)
    return "" if status in TAKEN else f"it answered {status}"


def _complain(fault: str) -> None:
    if Limit.objects.allow("log: IndexNow", most=1, within=timedelta(days=1)):
        logger.warning("Search engines could not be told what changed: %s", fault)


def _wait(rows: list[Announcement]) -> None:
    """Longer each time. What nobody took after that, search engines find by themselves."""
    for attempts in {row.attempts for row in rows}:
        tried = [row for row in rows if row.attempts == attempts]
        claimed = Announcement.objects.as_claimed(tried)
        if attempts > len(GAPS):
            claimed.delete()
        else:
            claimed.update(due_at=timezone.now() + gap(attempts))

"""What the public may see now: one word, used by pages, feeds, sitemap, counts and mail alike."""

from typing import Any

from django.db.models import Q
from django.utils import timezone


def visible(prefix: str = "", at: Any = None) -> Q:
    """The condition on posts, or through a relation: `visible("posts__")`; now, or at a moment.

    The time is part of the query, so a scheduled post goes live at its minute with no cron and
    no worker alive.
    """
    moment = at or timezone.now()
    return Q(**{f"{prefix}status": "published", f"{prefix}published_at__lte": moment})

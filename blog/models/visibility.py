"""What the public may see now: one word, used by pages, feeds, sitemap, counts and mail alike."""

from django.db.models import Q
from django.utils import timezone


def visible(prefix: str = "") -> Q:
    """The condition on posts, or through a relation: `visible("posts__")`.

    The time is part of the query, so a scheduled post goes live at its minute with no cron and
    no worker alive.
    """
    return Q(**{f"{prefix}status": "published", f"{prefix}published_at__lte": timezone.now()})

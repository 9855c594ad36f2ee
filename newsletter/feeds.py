"""The newest issues as Atom: their own words in full, their posts as summaries."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext

from blog import languages
from blog.context_processors import current_site
from blog.feeds import NEWEST, Atom
from blog.links import absolute
from newsletter.letters import WebIssue
from newsletter.models import Issue


def issues(request: HttpRequest) -> HttpResponse:
    site = current_site()
    feed = Atom(
        title=gettext("Newsletter – %(site)s") % {"site": site.name},
        link=absolute(reverse("newsletter:home")),
        description="",
        language=languages.tag(settings.SITE_LANGUAGE),
        feed_url=absolute(reverse("newsletter:feed")),
        author_name=site.name,
    )
    found = Issue.objects.public().prefetch_related("places__post__author")
    for issue in found.order_by("-started_at", "-pk")[:NEWEST]:
        address = absolute(issue.get_absolute_url())
        feed.add_item(
            title=issue.subject,
            link=address,
            description=escape(issue.preheader),
            unique_id=address,
            pubdate=issue.started_at,
            updateddate=issue.started_at,
            # The posts have feeds of their own, in full.
            html=WebIssue(issue, shows_posts=False).feed_html,
        )
    # Without Last-Modified, as the feeds of posts: only the ETag notices that an issue is gone.
    return feed.answer()

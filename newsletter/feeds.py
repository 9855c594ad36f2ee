"""The newest issues as Atom: their own words in full, their posts as summaries."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from blog import languages
from blog.context_processors import current_site
from blog.feeds import ATOM, NEWEST
from blog.feeds.formats import LONG_AGO, Entry, Feed
from blog.links import absolute, path_of
from newsletter.letters import WebIssue
from newsletter.models import Issue


def issues(request: HttpRequest) -> HttpResponse:
    site = current_site()
    found = Issue.objects.public().prefetch_related("places__post__author")
    feed = Feed(
        title=gettext("Newsletter – %(site)s") % {"site": site.name},
        description="",
        author=site.name,
        language=languages.tag(settings.SITE_LANGUAGE),
        page=absolute(path_of("newsletter:home")),
        address=absolute(path_of("newsletter:feed")),
        icon=absolute(path_of("blog:favicon")),
        entries=[_entry(issue) for issue in found.order_by("-started_at", "-pk")[:NEWEST]],
    )
    return ATOM.answer(feed)


def _entry(issue: Issue) -> Entry:
    address = absolute(issue.get_absolute_url())
    sent_at = issue.started_at or LONG_AGO
    return Entry(
        title=issue.subject,
        address=address,
        identity=address,
        published_at=sent_at,
        updated_at=sent_at,
        summary=issue.preheader,
        # The posts have feeds of their own, in full.
        html=WebIssue(issue, shows_posts=False).feed_html,
    )

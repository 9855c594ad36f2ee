"""The newest issues as Atom: their own words in full, their posts as summaries."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from blog import languages
from blog.feeds import NEWEST, Atom
from blog.links import absolute
from blog.models import Site
from newsletter.letters import WebIssue
from newsletter.models import Issue
from newsletter.models.issue import IssueQuerySet


class Issues(Feed):
    feed_type = Atom

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().__call__(request, *args, **kwargs)
        # As in blog/feeds.py: only the ETag notices that an issue is gone.
        del response["Last-Modified"]
        return response

    @property
    def language(self) -> str:  # type: ignore[override]  # asked for when a feed is written
        return languages.tag(settings.SITE_LANGUAGE)

    def title(self) -> str:
        return gettext("Newsletter – %(site)s") % {"site": Site.current().name}

    def link(self) -> str:
        return absolute(reverse("newsletter:home"))

    def feed_url(self) -> str:
        return absolute(reverse("newsletter:feed"))

    def author_name(self) -> str:
        return Site.current().name

    def items(self) -> IssueQuerySet:
        issues = Issue.objects.public().prefetch_related("places__post__author")
        return issues.order_by("-started_at", "-pk")[:NEWEST]

    def item_title(self, issue: Issue) -> str:
        return issue.subject

    def item_description(self, issue: Issue) -> str:
        return issue.preheader

    def item_link(self, issue: Issue) -> str:
        return absolute(issue.get_absolute_url())

    def item_pubdate(self, issue: Issue) -> datetime | None:
        return issue.started_at

    def item_updateddate(self, issue: Issue) -> datetime | None:
        return issue.started_at

    def item_extra_kwargs(self, issue: Issue) -> dict[str, str]:
        # The posts have feeds of their own, in full.
        return {"html": WebIssue(issue, shows_posts=False).feed_html}

"""Past issues on the web: what "Read on the web" in a mail leads to. No reader is known here."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from blog import cache
from blog.views import PAGE, page_of
from newsletter.letters import WebIssue
from newsletter.models import Issue, NewsletterSettings

LINES = 50


@cache.public(params=PAGE)
def home(request: HttpRequest) -> HttpResponse:
    issues = Issue.objects.public().only("slug", "subject", "started_at")
    page = page_of(request, issues.order_by("-started_at", "-pk"), LINES)
    topics = NewsletterSettings.current().offered_topics()
    return render(request, "newsletter/home.html", {"page": page, "offered_topics": topics})


@cache.public
def issue(request: HttpRequest, slug: str) -> HttpResponse:
    issues = Issue.objects.public().prefetch_related("places__post__author")
    shown = WebIssue(get_object_or_404(issues, slug=slug))
    return render(request, "newsletter/issue.html", {"issue": shown.issue, "shown": shown})

"""Pages that only machines read: robots.txt, llms.txt, and posts as they were written."""

import re
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext

from blog import crawlers, written
from blog.cache import public
from blog.links import absolute
from blog.models import Category, Post, Redirect, Site

# As many as a language model still reads with pleasure; the sitemap names all.
LISTED = 200
REFUSED: dict[str, tuple[str, ...]] = {
    Site.Crawlers.NO_TRAINING: crawlers.TRAINING,
    Site.Crawlers.REFUSED: (*crawlers.TRAINING, *crawlers.ANSWERING),
}


@public
def robots(request: HttpRequest) -> HttpResponse:
    refused = REFUSED.get(Site.current().ai_crawlers, ())
    lines = [
        "User-agent: *",
        f"Disallow: {reverse('admin:index')}",
        *(["", *(f"User-agent: {name}" for name in refused), "Disallow: /"] if refused else ()),
        "",
        f"Sitemap: {absolute(reverse('blog:sitemap'))}",
    ]
    return _text(lines, "text/plain")


@public
def llms(request: HttpRequest) -> HttpResponse:
    """An index in Markdown, https://llmstxt.org: what there is to read, each as it was written."""
    site = Site.current()
    if site.ai_crawlers == Site.Crawlers.REFUSED:
        raise Http404
    return _text([f"# {_plain(site.name)}", *_index(site)], "text/markdown")


def _index(site: Site) -> Iterator[str]:
    if site.tagline:
        yield from ("", f"> {_plain(site.tagline)}")
    posts = Post.objects.published().only("title", "slug", "summary", "excerpt")
    newest = posts.order_by("-published_at", "-pk")[:LISTED]
    yield from _section(
        gettext("Posts"),
        (
            _entry(post.title, reverse("blog:post_written", args=[post.slug]), post.description)
            for post in newest
        ),
    )
    yield from _section(
        gettext("Categories"),
        (
            _entry(category.name, category.get_absolute_url(), category.description)
            for category in Category.objects.published()
        ),
    )
    # The one heading whose name has a meaning: what may be left out.
    yield from _section(
        "Optional",
        (
            _entry(gettext("Archive"), reverse("blog:archive"), gettext("every post by its date")),
            _entry(gettext("Feed"), reverse("blog:feed"), gettext("the newest posts in full")),
            _entry(gettext("Sitemap"), reverse("blog:sitemap"), gettext("every address")),
        ),
    )


def _section(name: str, entries: Iterable[str]) -> Iterator[str]:
    """Nothing where there are none."""
    for number, entry in enumerate(entries):
        if number == 0:
            yield from ("", f"## {name}", "")
        yield entry


def _entry(name: str, path: str, words: str) -> str:
    link = f"- [{_plain(name)}]({absolute(path)})"
    return f"{link}: {_plain(words)}" if words else link


def _plain(words: str) -> str:
    """`words` on one line, with nothing in them that Markdown would take for its own."""
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", " ".join(words.split()))


@public
def post_written(request: HttpRequest, slug: str) -> HttpResponse:
    """A post as its author wrote it. An old address leads on as that of the page does."""
    posts = Post.objects.published()
    page = reverse("blog:post", args=[slug])
    if not posts.filter(slug=slug).exists():
        moved = Redirect.objects.filter(old_path=f"/posts/{slug}/").values("post")
        post = get_object_or_404(posts.only("slug"), pk__in=moved)
        answer = redirect("blog:post_written", post.slug, permanent=True)
        answer["Cache-Control"] = "no-cache"
        return answer
    post = get_object_or_404(posts.as_written(), slug=slug)
    response = _text([written.source(post)], "text/markdown")
    response["Link"] = f'<{post.canonical_url or absolute(page)}>; rel="canonical"'
    return response


@public
def index_now_key(request: HttpRequest, key: str) -> HttpResponse:
    """By this file search engines know that who announces a change is this site."""
    if key != settings.INDEXNOW_KEY:
        raise Http404
    return _text([key], "text/plain")


def _text(lines: list[str], content_type: str) -> HttpResponse:
    text = "\n".join(lines).rstrip("\n") + "\n"
    return HttpResponse(text, content_type=f"{content_type}; charset=utf-8")

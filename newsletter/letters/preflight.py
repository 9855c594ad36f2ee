"""What a careful reader would say about an issue before it goes out, without asking the network."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.files.storage import default_storage
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.translation import gettext, ngettext

from blog.links import absolute
from blog.markdown.addresses import absolute as seen_from
from blog.markdown.walker import Attributes, Walker
from blog.models import Author, Category, Page, Post, Redirect, Series, Site
from newsletter import grain, merge_tags
from newsletter.letters.compose import compose
from newsletter.models import Issue

KNOWN_TAGS = ", ".join(f"{{{{ {name} }}}}" for name in merge_tags.NAMES)


class Level(StrEnum):
    ERROR = "error"  # it must not go out like that
    WARNING = "warning"  # a reader, or a spam filter, might mind


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    sentence: str


def preflight(issue: Issue) -> list[Finding]:
    """All that is wrong with a saved issue, errors first."""
    findings = [
        *_errors(issue),
        *_of_the_subject(issue.subject),
        *_of_the_texts(issue),
        *_of_the_size(issue),
        *_of_the_site(),
    ]
    return sorted(findings, key=lambda finding: finding.level is not Level.ERROR)


def unknown_tags(issue: Issue) -> list[str]:
    """What looks like a merge tag and will not be replaced, as it was typed.

    In the subject that is every tag: a subject is the same for all.
    """
    lines = escape(f"{issue.subject} {issue.preheader} ")
    return merge_tags.unknown(lines + issue.intro_html + issue.html)


def _error(sentence: str) -> Finding:
    return Finding(Level.ERROR, sentence)


def _warning(sentence: str) -> Finding:
    return Finding(Level.WARNING, sentence)


def _errors(issue: Issue) -> Iterator[Finding]:
    if not issue.subject.strip():
        yield _error(gettext("It has no subject."))
    places = list(issue.places.select_related("post"))
    if not (issue.intro or issue.body or places):
        yield _error(gettext("There is nothing in it."))
    for place in places:
        if place.post is None:
            yield _error(
                gettext("One of its posts was deleted. Take it out or put another in its place.")
            )
        elif not _will_be_public(place.post, issue):
            yield _error(
                gettext("“%(title)s” is not public, so nobody could read it on the web.")
                % {"title": place.post.title}
            )
    if not issue.audience_now().exists():
        yield _error(gettext("Nobody would get it: no subscriber is in its audience."))


def _will_be_public(post: Post, issue: Issue) -> bool:
    if post.is_public:
        return True
    if not post.is_scheduled or not post.published_at:
        return False
    return issue.with_posts or (issue.send_at is not None and issue.send_at >= post.published_at)


def _of_the_subject(subject: str) -> Iterator[Finding]:
    if subject.isupper() and sum(map(str.isalpha, subject)) > 4:
        yield _warning(gettext("The subject is all in capitals, which looks like spam."))
    if subject.count("!") > 1:
        yield _warning(
            gettext("The subject has more than one exclamation mark, which looks like spam.")
        )


def _of_the_texts(issue: Issue) -> Iterator[Finding]:
    for tag in unknown_tags(issue):
        yield _warning(
            gettext(
                "%(tag)s will stand in the mail as it was typed. The introduction and the body "
                "know %(known)s."
            )
            % {"tag": tag, "known": KNOWN_TAGS}
        )
    page = absolute(issue.get_absolute_url())
    yield from _of_one_text(gettext("the issue"), issue.intro_html + issue.html, page, issue)
    for place in issue.places.select_related("post"):
        if place.post is None:
            continue
        post = place.post
        if post.cover and not post.cover_alt:
            yield _warning(
                gettext("The cover of “%(title)s” has no description.") % {"title": post.title}
            )
        if issue.shows == Issue.Shows.FULL:
            page = absolute(post.get_absolute_url())
            yield from _of_one_text(
                gettext("“%(title)s”") % {"title": post.title}, post.html, page, issue
            )


def _of_one_text(name: str, html: str, page: str, issue: Issue) -> Iterator[Finding]:
    found = _Collector()
    found.walk(html)
    if found.without_alt:
        yield _warning(
            ngettext(
                "A picture in %(text)s has no description for readers who do not see it.",
                "%(number)s pictures in %(text)s have no description.",
                found.without_alt,
            )
            % {"number": found.without_alt, "text": name}
        )
    for link, words in dict.fromkeys(found.links):
        if link in {"", "#"}:
            yield _warning(
                gettext("The link “%(words)s” in %(text)s has no address.")
                % {"words": words, "text": name}
            )
        elif not link.startswith("#") and not _leads_somewhere(seen_from(link, page), issue):
            yield _warning(
                gettext("The link “%(words)s” in %(text)s leads to no page of this site: %(link)s")
                % {"words": words, "text": name, "link": link}
            )


class _Collector(Walker):
    """The links of a text with their words, and how many of its pictures lack a description."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.without_alt = 0
        self._open: tuple[str, list[str]] | None = None

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag == "a":
            self._open = (attributes.get("href", ""), [])
        elif tag == "img":
            self.without_alt += not attributes.get("alt")

    def words(self, words: str) -> None:
        if self._open:
            self._open[1].append(words)

    def end(self, tag: str) -> None:
        if tag == "a" and self._open:
            address, words = self._open
            self.links.append((address, " ".join("".join(words).split())))
            self._open = None


def _leads_somewhere(address: str, issue: Issue) -> bool:
    """False where `address` is on this site and nothing is there. Others are not asked."""
    site, there = urlsplit(settings.SITE_URL), urlsplit(address)
    if there.scheme not in {"http", "https"} or there.netloc != site.netloc:
        return True
    path = unquote(there.path) or "/"
    for path_or_with_slash in (path, f"{path}/"):
        try:
            found = resolve(path_or_with_slash)
        except Resolver404:
            continue
        if _is_there(found, issue):
            return True
    return Redirect.objects.target_of(path) is not None


def _is_there(found: ResolverMatch, issue: Issue) -> bool:
    slug = found.kwargs.get("slug", "")
    match found.view_name:
        case "blog:post":
            return Post.objects.published().filter(slug=slug).exists() or any(
                post.slug == slug for post in issue.posts.all()
            )
        case "blog:category":
            return Category.objects.filter(slug=slug).exists()
        case "blog:author":
            return Author.objects.published().filter(slug=slug).exists()
        case "blog:page":
            return Page.objects.published().filter(slug=slug).exists()
        case "blog:series":
            return Series.objects.published().filter(slug=slug).exists()
        case "newsletter:issue":
            return slug == issue.slug or Issue.objects.public().filter(slug=slug).exists()
        case "media":
            return default_storage.exists(found.kwargs["path"])
    return True


def _of_the_size(issue: Issue) -> Iterator[Finding]:
    composed = compose(issue)
    for title in composed.shortened:
        yield _warning(
            gettext(
                "“%(title)s” is too long: Gmail would cut the mail off. Its summary goes out "
                "instead, with a link to the rest."
            )
            % {"title": title}
        )
    if composed.is_cut:
        yield _warning(
            gettext("It is too long: Gmail would cut it off. The mail says where it goes on.")
        )


def _of_the_site() -> Iterator[Finding]:
    if not Site.current().postal_address:
        yield _warning(
            gettext(
                "The site has no postal address. The law in many countries asks for one in every "
                "issue."
            )
        )
    if not settings.HTTPS:
        yield _warning(
            gettext(
                "SITE_URL does not start with https://, so mail programs show no unsubscribe "
                "button."
            )
        )
    if complaint := grain.asked_too_much():
        yield _warning(complaint)

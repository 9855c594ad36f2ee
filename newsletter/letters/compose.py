"""An issue as one mail for everybody: its HTML and its text, with places for what differs."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from blog import markdown
from blog.emails import inliner, sender
from blog.links import absolute
from blog.markdown.plain import underlined, wrapped
from blog.models import Post, Site
from newsletter import merge_tags
from newsletter.letters.counted import Counting, count_in
from newsletter.letters.pictures import WIDTH, Pictures
from newsletter.models import FrozenMail, Issue

# Gmail cuts a mail off after 102 KB of HTML, and with it the way out at its foot.
MOST_HTML = 100_000
EXCERPT_WORDS = 120


class NotReady(Exception):
    """The issue cannot be mailed as it is; the text says why."""


@transaction.atomic
def freeze(issue: Issue) -> FrozenMail:
    """Store the mail that all readers of `issue` will get, once and for all.

    Raises NotReady, or IntegrityError where it was frozen before.
    """
    places = list(issue.places.values_list("post", flat=True))
    if Post.objects.published().filter(pk__in=places).count() < len(places):
        raise NotReady(gettext("Not all of its posts are public."))
    mail = compose(issue).mail
    count_in(mail)
    mail.save(force_insert=True)
    return mail


@dataclass(frozen=True, slots=True)
class Composed:
    mail: FrozenMail  # not saved
    shortened: list[str]  # titles of posts that were too long to go out whole
    is_cut: bool  # whether its own text, or posts at its end, are left to the web


def compose(issue: Issue) -> Composed:
    """The mail as it would be frozen now, with drafts in it. `issue` must have been rendered.

    Its links are the true ones: whoever looks at it or tries it is not counted.
    """
    site, plan, counting = Site.current(), _Plan(issue, _posts(issue)), Counting.wanted(issue)
    wanted = set(plan.whole)
    # Laying out megabytes only to throw them away would take seconds.
    while plan.size > 2 * MOST_HTML and plan.cut():
        pass
    html = _html(site, issue, plan)
    while _size(html, counting) >= MOST_HTML and plan.cut():
        html = _html(site, issue, plan)
    mail = FrozenMail(
        issue=issue,
        subject=issue.subject,
        sender=sender(site),
        reply_to=site.reply_to,
        site_name=site.name,
        html=html,
        text=_text(site, issue, plan),
    )
    shortened = [post.title for post in plan.posts if post.pk in wanted - plan.whole]
    return Composed(mail, shortened, is_cut=not plan.body_is_whole or plan.left_out > 0)


def _size(html: str, counting: Counting) -> int:
    """In bytes, as it will leave."""
    return len(counting.done_to(html)[0].encode())


def _posts(issue: Issue) -> list[Post]:
    places = issue.places.select_related("post__author") if issue.pk else []
    return [place.post for place in places if place.post]


@dataclass(slots=True)
class _Plan:
    """How much of an issue goes into its mail."""

    issue: Issue
    posts: list[Post]
    whole: set[int] = field(init=False)
    body_is_whole: bool = True
    left_out: int = 0
    pictures: Pictures = field(default_factory=Pictures)

    def __post_init__(self) -> None:
        is_full = self.issue.shows == Issue.Shows.FULL
        self.whole = {post.pk for post in self.posts} if is_full else set()

    @property
    def size(self) -> int:
        """Of the texts that go in whole, in characters and before they are laid out."""
        own = len(self.issue.html) if self.body_is_whole else 0
        return own + sum(len(post.html) for post in self.posts if post.pk in self.whole)

    def cut(self) -> bool:
        """Leave a little less in: long posts first. False where nothing is left to cut."""
        if self.whole:
            candidates = (post for post in self.posts if post.pk in self.whole)
            self.whole.remove(max(candidates, key=lambda post: len(post.html)).pk)
        elif self.body_is_whole:
            self.body_is_whole = False
        elif len(self.posts) > 1:
            kept = len(self.posts) // 2
            self.left_out += len(self.posts) - kept
            self.posts = self.posts[:kept]
        else:
            return False
        return True

    @property
    def headline(self) -> str:
        """The subject, unless the only post says the same."""
        is_said = [post.title for post in self.posts] == [self.issue.subject]
        return "" if is_said else self.issue.subject


def _context(site: Site, issue: Issue, plan: _Plan) -> dict[str, Any]:
    return {
        "site": site,
        "home": absolute("/"),
        "subject": issue.subject,
        "preheader": issue.preheader,
        "headline": plan.headline,
        "web": absolute(issue.get_absolute_url()) if issue.slug else absolute("/"),
        "is_cut": not plan.body_is_whole,
        "left_out": plan.left_out,
        "email": merge_tags.EMAIL_PLACE,
        "unsubscribe": merge_tags.unsubscribe(),
        "preferences": merge_tags.choose(),
    }


def _html(site: Site, issue: Issue, plan: _Plan) -> str:
    context = _context(site, issue, plan)
    deeper = 1 if plan.headline else 0

    def laid_out(html: str, page: str, deeper: int = 0) -> SafeString:
        return markdown.safe(
            markdown.mail_html(html, page, deeper=deeper, picture=plan.pictures.in_mail)
        )

    context["intro"] = laid_out(issue.intro_html, context["web"])
    context["body"] = laid_out(issue.html, context["web"]) if plan.body_is_whole else ""
    context["excerpt"] = "" if plan.body_is_whole else _excerpt(issue.html)
    context["pieces"] = [
        {
            "post": post,
            "link": (link := absolute(post.get_absolute_url())),
            "cover": plan.pictures.address_of(post.cover.name) if post.cover else "",
            "html": laid_out(post.html, link, deeper) if post.pk in plan.whole else "",
        }
        for post in plan.posts
    ]
    context["cover_width"] = WIDTH
    html = render_to_string("emails/issue.html", context)
    return inliner.inline(html) + "\n"


def _text(site: Site, issue: Issue, plan: _Plan) -> str:
    context = _context(site, issue, plan)
    sign = "-" if plan.headline else "="
    context["headline"] = underlined(plan.headline, "=")
    context["intro"] = markdown.as_text(issue.intro_html, context["web"])
    context["body"] = (
        markdown.as_text(issue.html, context["web"])
        if plan.body_is_whole
        else wrapped(_excerpt(issue.html))
    )
    context["pieces"] = [
        {
            "title": underlined(post.title, sign),
            "post": post,
            "link": (link := absolute(post.get_absolute_url())),
            "text": markdown.as_text(post.html, link) if post.pk in plan.whole else "",
            "summary": wrapped(post.description),
        }
        for post in plan.posts
    ]
    text = render_to_string("emails/issue.txt", context)
    return text.strip() + "\n"


def _excerpt(html: str) -> str:
    return markdown.excerpt(markdown.as_text(html, ""), EXCERPT_WORDS)

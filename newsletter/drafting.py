"""From a post to an issue."""

from typing import Any

from django.db import transaction
from django.db.models import Count

from blog.models import Post
from blog.text import excerpt
from newsletter.models import Issue, IssuePost

# A preheader shows about so many words.
WORDS = 24


@transaction.atomic
def draft_of(post: Post, user: Any = None) -> Issue:
    """A draft of nothing but this post, for the readers of its categories, or for everybody.

    The same one when `user` asks twice, so that a double click makes one.
    """
    Post.objects.select_for_update(of=("self",)).get(pk=post.pk)
    alone = issues_of(post).drafts().filter(created_by=user)
    return alone.first() or _new(post, user)


def issues_of(post: Post) -> Any:
    """Those in which it stands alone."""
    alone = IssuePost.objects.order_by().values("issue").annotate(posts=Count("pk")).filter(posts=1)
    return Issue.objects.filter(places__post=post, pk__in=alone.values("issue"))


def _new(post: Post, user: Any) -> Issue:
    categories = list(post.categories.all())
    issue = Issue.objects.create(
        # A title may hold what a header must not: see blog.fields.refuse_in_header.
        subject=_shortened(post.title.replace("=?", "= ?"), 150),
        preheader=_shortened(excerpt(post.summary, WORDS), 200),
        audience=Issue.Audience.TOPICS if categories else Issue.Audience.EVERYONE,
        created_by=user,
    )
    issue.categories.set(categories)
    IssuePost.objects.create(issue=issue, post=post, position=1)
    return issue


def _shortened(line: str, most: int) -> str:
    line = " ".join(line.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"

"""Sending an issue from a script."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from blog import markdown
from blog.admin.base import is_number
from blog.models import Post
from newsletter import letters, trial
from newsletter.drafting import draft_of, issues_of
from newsletter.models import Issue
from newsletter.sending import issues


class Command(BaseCommand):
    help = (
        "Freezes an issue and hands it to the worker, which sends it. With --post it is an issue "
        "of that post alone, for the readers of its categories; a post that went out so before is "
        "refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("number", metavar="ID", nargs="?", help="the number of an issue")
        which.add_argument("--post", metavar="SLUG", help="the last part of a post's address")

    def handle(self, *args: Any, number: str, post: str, **options: Any) -> None:
        issue = _of_post(post) if post else _numbered(str(number))
        try:
            for fault in trial.errors(issue):
                raise CommandError(f"Nothing was sent. {fault}")
            readers = issue.audience_now().count()
            issues.start(issue)
        except (issues.NotNowError, letters.NotReady, markdown.TooComplex) as fault:
            raise CommandError(f"Nothing was sent. {fault}") from fault
        noun = "reader" if readers == 1 else "readers"
        self.stdout.write(
            f"Issue {issue.pk}, “{issue.subject}”, goes to {readers} {noun}. The worker sends it."
        )


def _numbered(number: str) -> Issue:
    found = Issue.objects.filter(pk=number).first() if is_number(number) else None
    if found is None:
        raise CommandError(f"There is no issue {number}.")
    return found


def _of_post(slug: str) -> Issue:
    post = Post.objects.filter(slug=slug).first()
    if post is None:
        raise CommandError(f"There is no post “{slug}”.")
    sent = issues_of(post).exclude(started_at=None).first()
    if sent:
        raise CommandError(f"Nothing was sent. It went out before, as issue {sent.pk}.")
    return draft_of(post)

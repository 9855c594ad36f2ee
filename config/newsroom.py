"""What the first page of the newsroom says: what waits, what is new, what needs a hand.

Each block is made only for those who may see what it shows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext_lazy

from blog.models import AccountMail, Heartbeat, Outgoing, Post, Site
from newsletter import installation, stats
from newsletter.charts import growth_bars
from newsletter.models import Delivery, Digest, Issue, Notice, Subscriber, Terms
from newsletter.progress import progress_of, server_is_away
from newsletter.sending.due import why_held

SHOWN = 6
WORKER_MISSING_AFTER = timedelta(minutes=5)
MAIL_OVERDUE_AFTER = timedelta(minutes=15)
MOST_COUNTED = 1000


@dataclass(frozen=True)
class Concern:
    """Something that needs a hand, and where to lend it."""

    text: str
    url: str = ""
    link: str = ""


@dataclass(frozen=True)
class MailWords:
    """What is said of mails to one kind of people. `count` tells one from many."""

    failed: Any
    overdue: Any


TO_READERS = MailWords(
    failed=ngettext_lazy(
        "One mail to readers failed within a day.",
        "%(number)s mails to readers failed within a day.",
        "count",
    ),
    overdue=ngettext_lazy(
        "One mail to readers should have left a quarter of an hour ago.",
        "%(number)s mails to readers should have left a quarter of an hour ago.",
        "count",
    ),
)
TO_AUTHORS = MailWords(
    failed=ngettext_lazy(
        "One mail to authors failed within a day.",
        "%(number)s mails to authors failed within a day.",
        "count",
    ),
    overdue=ngettext_lazy(
        "One mail to authors should have left a quarter of an hour ago.",
        "%(number)s mails to authors should have left a quarter of an hour ago.",
        "count",
    ),
)


def front_page(request: HttpRequest) -> dict[str, Any]:
    user = request.user
    page: dict[str, Any] = {}
    if user.has_perm("blog.view_post"):
        page |= _posts(user)
    if user.has_perm("newsletter.view_issue"):
        page |= _issues()
    if user.has_perm("newsletter.view_subscriber"):
        page |= _readers()
    return page | {"concerns": list(_concerns(user, page.get("issues", [])))}


def _posts(user: Any) -> dict[str, Any]:
    mine = Post.objects.readable_by(user).select_related("author").defer("body", "html", "toc")
    return {
        "drafts": mine.drafts().order_by("-updated_at", "-pk")[:SHOWN],
        "scheduled": mine.scheduled().order_by("published_at", "pk")[:SHOWN],
        "published": mine.published().order_by("-published_at", "-pk")[:SHOWN],
        "sees_everybody": user.has_perm("blog.change_any_post"),
    }


def _issues() -> dict[str, Any]:
    """Each with its numbers, and with why it does not go on."""
    coming = Issue.objects.scheduled().order_by("send_at", "pk")[:SHOWN]
    begun = Issue.objects.under_way().order_by("-started_at", "-pk")[:SHOWN]
    # Of a digest that was too late.
    held = Issue.objects.drafts().exclude(paused_because="").order_by("-created_at", "-pk")[:SHOWN]
    issues = [*begun, *coming, *held]
    numbers = progress_of(issues)
    here = installation.identity() if issues else ""
    return {"issues": [(issue, numbers[issue.pk], why_held(issue, here)) for issue in issues]}


def _readers() -> dict[str, Any]:
    growth = stats.growth()
    return {
        "readers": number_format(stats.readers(), force_grouping=True),
        "newest": Subscriber.objects.order_by("-created_at", "-pk")[:SHOWN],
        "growth": growth,
        "bars": growth_bars(growth),
    }


def _concerns(user: Any, issues: list) -> Iterator[Concern]:
    if user.has_perm("newsletter.view_terms"):
        yield from _about_terms()
    if user.has_perm("blog.change_site"):
        yield from _about_mailbox()
        yield from _about_site()
    if user.has_perm("blog.change_site") or user.has_perm("newsletter.view_issue"):
        yield from _about_worker()
    if user.has_perm("newsletter.view_issue"):
        yield from _about_issues(issues)
    if user.has_perm("newsletter.view_digest"):
        yield from _about_digests()
    if user.has_perm("newsletter.view_notice"):
        yield from _about_mail(Notice.objects.all(), TO_READERS, "newsletter_notice")
    if user.has_perm("blog.view_accountmail"):
        yield from _about_mail(AccountMail.objects.all(), TO_AUTHORS, "blog_accountmail")


def _about_terms() -> Iterator[Concern]:
    if Terms.objects.current() is None:
        yield Concern(
            gettext(
                "Nobody can sign up yet: your pages show no form until terms & conditions are "
                "published, because that is what readers agree to."
            ),
            reverse("admin:newsletter_terms_changelist"),
            gettext("Write the terms"),
        )


def _about_mailbox() -> Iterator[Concern]:
    if not settings.DEBUG and settings.MAILERS["default"]["BACKEND"].endswith("MailboxBackend"):
        yield Concern(
            gettext(
                "No mail leaves this site: it is written to a folder of the server, and nobody who "
                "signs up hears from you. Whoever runs the server must set EMAIL_URL."
            )
        )


def _about_site() -> Iterator[Concern]:
    site = Site.current()
    url = reverse("admin:blog_site_change", args=[1])
    if not site.signups_open:
        text = gettext("Sign-ups are switched off: a sentence stands in place of every form.")
        yield Concern(text, url, gettext("Switch them on"))
    if not site.postal_address:
        text = gettext(
            "Your newsletter has no postal address at its foot, which many laws ask for."
        )
        yield Concern(text, url, gettext("Write it down"))


def _about_worker() -> Iterator[Concern]:
    if not Heartbeat.objects.alive("worker", within=WORKER_MISSING_AFTER):
        yield Concern(
            gettext(
                "The background worker has not been seen for five minutes. Until it runs no mail "
                "goes out. “make run” and “manage.py serve” start one; “manage.py worker” starts "
                "it alone."
            )
        )


def _about_issues(issues: list) -> Iterator[Concern]:
    for issue, _numbers, because in issues:
        if because:
            # A draft's page says the same beside the buttons that help.
            page = "send" if issue.is_editable else "progress"
            url = reverse(f"admin:newsletter_issue_{page}", args=[issue.pk])
            yield Concern(
                gettext("“%(issue)s” is held. %(because)s") % {"issue": issue, "because": because},
                url,
                gettext("Decide"),
            )
    if server_is_away():
        yield Concern(
            gettext(
                "The mail server does not answer, so no issue goes out. The worker looks for it "
                "every minute; EMAIL_URL says where."
            )
        )
    doubtful = Exists(Delivery.objects.unknown().filter(issue=OuterRef("pk")))
    for issue in Issue.objects.started().filter(doubtful)[:SHOWN]:
        url = reverse("admin:newsletter_issue_progress", args=[issue.pk])
        text = gettext("Of “%(issue)s” some mails may or may not have arrived.") % {"issue": issue}
        yield Concern(text, f"{url}?show=unknown#troubles", gettext("Look them up"))


def _about_digests() -> Iterator[Concern]:
    active = list(Digest.objects.exclude(next_at=None)[:SHOWN])
    here = installation.identity() if active else ""
    for digest in active:
        if digest.owner != here:
            url = reverse("admin:newsletter_digest_change", args=[digest.pk])
            text = gettext(
                "“%(digest)s” is held, because this database was restored or copied."
            ) % {"digest": digest}
            yield Concern(text, url, gettext("Decide"))


def _about_mail(mails: QuerySet[Any], words: MailWords, room: str) -> Iterator[Concern]:
    now = timezone.now()
    url = reverse(f"admin:{room}_changelist")
    failed = mails.filter(status=Outgoing.Status.FAILED, settled_at__gte=now - timedelta(days=1))
    if number := failed[:MOST_COUNTED].count():
        text = words.failed % {"count": number, "number": _at_most(number)}
        yield Concern(text, f"{url}?status=failed", gettext("See why"))
    overdue = mails.filter(status=Outgoing.Status.WAITING, due_at__lt=now - MAIL_OVERDUE_AFTER)
    if number := overdue[:MOST_COUNTED].count():
        text = words.overdue % {"count": number, "number": _at_most(number)}
        yield Concern(text, f"{url}?status=waiting", gettext("See which"))


def _at_most(number: int) -> str:
    return (
        str(number) if number < MOST_COUNTED else gettext("%(number)s or more") % {"number": number}
    )

"""The page of an issue that was started: how far it is, what went wrong, what can be done."""

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from blog.models import Heartbeat
from newsletter import grain, installation
from newsletter.admin.deliveries import COLUMNS, WORDS, Troubles, every_delivery
from newsletter.admin.issue_acts import ACTS, IssueAct, newcomers
from newsletter.admin.issue_tables import COUNTED as COUNTED_COLUMNS
from newsletter.admin.issue_tables import every_count
from newsletter.admin.send_page import preview
from newsletter.admin.tables import as_csv, of_today
from newsletter.admin.words import duration, number
from newsletter.charts import BAR_WIDTH, progress_bar
from newsletter.models import Delivery, Issue
from newsletter.progress import Progress, progress, rate, server_is_away
from newsletter.sending import issues
from newsletter.sending.due import why_held
from newsletter.stats import Counted, counted, echo

if TYPE_CHECKING:
    from newsletter.admin.issues import IssueAdmin

logger = logging.getLogger("pennypost.newsletter")

COUNTED = {
    "sent": _("Sent"),
    "waiting": _("Waiting"),
    "failed": _("Failed"),
    "unknown": _("Unknown"),
    "skipped": _("Skipped"),
    "total": _("Readers in all"),
}
AWAY = gettext_noop(
    "The mail server does not answer. The worker goes on by itself as soon as it does."
)
NO_WORKER = gettext_noop(
    "No background worker has been seen for five minutes. It goes on when one runs."
)
WORKER_MISSING_AFTER = timedelta(minutes=5)
UNITS = {"second": 1, "minute": 60, "hour": 3600}
LONGEST_GUESS = timedelta(days=30)
MOST_LINKS = 20


class ProgressPage:
    def __init__(self, room: "IssueAdmin") -> None:
        self.room = room

    def urls(self) -> list[URLPattern]:
        wrap = self.room.admin_site.admin_view
        resolve = wrap(require_POST(self.resolve))
        return [
            path("<int:pk>/progress/", wrap(self.page), name="newsletter_issue_progress"),
            path("<int:pk>/progress.json", wrap(self.numbers), name="newsletter_issue_numbers"),
            path("<int:pk>/deliveries.csv", wrap(self.table), name="newsletter_issue_table"),
            path("<int:pk>/counted.csv", wrap(self.counted), name="newsletter_issue_counted"),
            path("deliveries/<int:pk>/", resolve, name="newsletter_delivery_resolve"),
            *(
                path(f"<int:pk>/{act.name}/", wrap(partial(self.act, act=act)), name=act.url_name)
                for act in ACTS
            ),
        ]

    # --- Showing ---

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        issue = self.room.find(request, pk)
        if not issue.has_started:
            return HttpResponseRedirect(reverse("admin:newsletter_issue_change", args=[pk]))
        numbers = progress(issue)
        may_act = self.room.has_send_permission(request)
        context = self._context(request, issue, gettext("Progress")) | {
            "numbers": (shown := _in_words(issue, numbers)),
            "figures": [(kind, text, shown["counts"][kind]) for kind, text in COUNTED.items()],
            "bar_width": BAR_WIDTH,
            "echoes": _echoes(issue) if numbers.sent else [],
            "counted": (counts := counted(issue)),
            "counts": _counts(counts) if counts else [],
            "most_followed": _most_followed(counts) if counts else [],
            "acts": [act for act in ACTS if may_act and act.fits(issue, numbers)],
            "may_act": may_act,
            "may_see_readers": request.user.has_perm("newsletter.view_subscriber"),
            "may_export": _may_export(request),
            "troubles": _troubles(request, issue, numbers),
            "grain": grain.in_words(),
            "service": grain.service(),
            "kinds": {kind: text for kind, text in WORDS.items() if getattr(numbers, kind)},
            **preview(request, issue),
        }
        return TemplateResponse(request, "admin/newsletter/issue/progress.html", context)

    def numbers(self, request: HttpRequest, pk: int) -> JsonResponse:
        """What the page shows, for the script that keeps it up to date."""
        issue = self.room.find(request, pk)
        return JsonResponse(_in_words(issue, progress(issue)))

    def table(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """All deliveries with their addresses, which is an export of readers like any other."""
        issue = self.room.find(request, pk)
        if not _may_export(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.room.log_change(request, issue, gettext("Exported what became of its mails."))
        logger.info("User %s exported the deliveries of issue %s.", request.user.pk, pk)
        return as_csv(of_today(issue.slug or str(pk)), COLUMNS, every_delivery(issue))

    def counted(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """How often each link was followed and the picture loaded, day by day."""
        issue = self.room.find(request, pk)
        return as_csv(of_today(f"{issue.slug or pk}-counted"), COUNTED_COLUMNS, every_count(issue))

    # --- Acting ---

    def act(self, request: HttpRequest, pk: int, act: IssueAct) -> HttpResponse:
        """Say what the act does; on POST, do it."""
        issue = self.room.find(request, pk)
        if not self.room.has_send_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            self._do(request, issue, act)
            return _back(issue)
        if not issue.has_started or not act.fits(issue, progress(issue)):
            return _back(issue)
        context = self._context(request, issue, str(act.title)) | {
            "act": act,
            **(_newcomers(issue) if act.name == "new" else {}),
        }
        return TemplateResponse(request, "admin/newsletter/issue/act.html", context)

    def _do(self, request: HttpRequest, issue: Issue, act: IssueAct) -> None:
        if not issue.has_started or not act.fits(issue, progress(issue)):
            messages.warning(request, gettext("There was nothing to do."))
            return
        try:
            act.do(issue)
        except issues.NotNowError as fault:  # somebody else was quicker
            messages.warning(request, str(fault))
            return
        self.room.log_change(request, issue, str(act.done))
        messages.success(request, str(act.done))

    def resolve(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End the doubt about one mail: it was sent, or it is to be sent again."""
        delivery = Delivery.objects.select_related("issue").filter(pk=pk).first()
        if not self.room.has_send_permission(request):
            raise PermissionDenied
        if delivery is None:
            raise Http404
        again = request.POST.get("act") == "again"
        resolve = issues.resolve_by_sending if again else issues.resolve_as_sent
        done = gettext("It is sent once more.") if again else gettext("It is marked as sent.")
        if resolve(delivery):
            self.room.log_change(
                request,
                delivery.issue,
                gettext("Delivery %(number)s: %(done)s") % {"number": pk, "done": done},
            )
            messages.success(request, done)
        else:
            messages.warning(
                request, gettext("It is not unknown any more, or its issue was cancelled.")
            )
        return _back(delivery.issue, "?show=unknown#troubles")

    def _context(self, request: HttpRequest, issue: Issue, title: str) -> dict[str, Any]:
        return self.room.admin_site.each_context(request) | {
            "title": title,
            "subtitle": issue,
            "opts": self.room.opts,
            "original": issue,
        }


def _back(issue: Issue, query: str = "") -> HttpResponseRedirect:
    url = reverse("admin:newsletter_issue_progress", args=[issue.pk])
    return HttpResponseRedirect(url + query)


def _may_export(request: HttpRequest) -> bool:
    """The deliveries are a list of addresses, like the subscribers themselves."""
    return request.user.has_perms(["newsletter.view_subscriber", "newsletter.export_subscriber"])


def _echoes(issue: Issue) -> list[tuple[str, str]]:
    heard = echo(issue)
    delivered = [(gettext("Delivered"), number(heard.delivered))] if heard.delivered else []
    return [
        *delivered,
        (gettext("Bounced for good"), number(heard.hard)),
        (gettext("Bounced for now"), number(heard.soft)),
        (gettext("Complained"), number(heard.complaints)),
        (gettext("Unsubscribed within a week"), number(heard.unsubscribed)),
    ]


def _counts(counts: Counted) -> list[tuple[str, str]]:
    """What was counted, in numbers; what was not is left out."""
    sums = [(gettext("Loads of the picture"), counts.loads), (gettext("Clicks"), counts.clicks)]
    return [(text, number(times)) for text, times in sums if times is not None]


def _most_followed(counts: Counted) -> list[tuple[str, str]]:
    return [
        (
            link.address,
            ngettext("%(number)s click", "%(number)s clicks", link.times)
            % {"number": number(link.times)},
        )
        for link in counts.links[:MOST_LINKS]
    ]


def _newcomers(issue: Issue) -> dict[str, Any]:
    count = newcomers(issue)
    return {"newcomers": count, "newcomers_in_words": number(count)}


def _troubles(request: HttpRequest, issue: Issue, numbers: Progress) -> Troubles | None:
    wanted = request.GET.get("show", "")
    if wanted not in WORDS:
        wanted = next((kind for kind in ("unknown", "failed") if getattr(numbers, kind)), "")
    return Troubles.of(issue, wanted, request.GET.get("after", "")) if wanted else None


def _in_words(issue: Issue, numbers: Progress) -> dict[str, Any]:
    """Everything on the page that changes while one looks at it."""
    held = why_held(issue, installation.identity())
    is_sending = numbers.state == Issue.Status.SENDING and not held
    pace, left = _pace(issue, numbers) if is_sending and issue.frozen_at else ("", "")
    if is_sending and (held := _why_it_stands_still()):
        pace, left = "", ""
    counts = {kind: number(getattr(numbers, kind)) for kind in COUNTED}
    percent = 100 * numbers.settled // max(numbers.total, 1)
    title = gettext("%(percent)s of 100 settled: %(sent)s of %(total)s sent")
    return {
        # Where one of these changes, the script asks for the whole page: other buttons fit.
        "state": numbers.state,
        "held": held,
        "label": numbers.label,
        "is_live": is_sending or _is_being_cancelled(numbers),
        "is_counting": issue.frozen_at is None and issue.status != Issue.Status.CANCELLED,
        "counts": counts,
        "percent": percent,
        "title": title % {"percent": percent, **counts},
        "bar": [[piece.kind, piece.x, piece.width] for piece in progress_bar(numbers)],
        "pace": pace,
        "left": left,
    }


def _why_it_stands_still() -> str:
    if not Heartbeat.objects.alive("worker", within=WORKER_MISSING_AFTER):
        return gettext(NO_WORKER)
    return gettext(AWAY) if server_is_away() else ""


def _is_being_cancelled(numbers: Progress) -> bool:
    return numbers.state == Issue.Status.CANCELLED and bool(numbers.waiting)


def _pace(issue: Issue, numbers: Progress) -> tuple[str, str]:
    """`About 12 mails a second`, `4 minutes`; empty where nothing left for an hour."""
    a_second = rate(issue)
    if not a_second or not numbers.waiting:
        return "", ""
    left = timedelta(seconds=min(numbers.waiting / a_second, LONGEST_GUESS.total_seconds()))
    paces = [(round(a_second * seconds), unit) for unit, seconds in UNITS.items()]
    mails, unit = next((pace for pace in paces if pace[0] >= 2), paces[-1])
    return _at_pace(mails, unit), duration(left)


def _at_pace(mails: int, unit: str) -> str:
    match unit:
        case "second":
            words = ngettext(
                "About %(number)s mail a second", "About %(number)s mails a second", mails
            )
        case "minute":
            words = ngettext(
                "About %(number)s mail a minute", "About %(number)s mails a minute", mails
            )
        case _:
            words = ngettext(
                "About %(number)s mail an hour", "About %(number)s mails an hour", mails
            )
    return words % {"number": number(mails)}

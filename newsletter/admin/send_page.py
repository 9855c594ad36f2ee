"""The page before an issue is sent: the mail, its readers, what is amiss, and the buttons."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.csp import CSP
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override

from blog import markdown
from newsletter import addresses, grain, letters, trial
from newsletter.admin.send_forms import ScheduleForm, TryForm
from newsletter.admin.words import moment, number
from newsletter.models import Issue
from newsletter.sending import issues

if TYPE_CHECKING:
    from newsletter.admin.issues import IssueAdmin

LOOKS = {"wide": _("Wide"), "phone": _("On a phone"), "text": _("As text")}
CHANGED = gettext_noop(
    "It was changed since you opened this page: a text, a post, a sender or its readers. "
    "Nothing was sent. Look at it once more."
)
# A mail brings its styles along; nothing else in it may do anything.
MAIL_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": [*settings.SECURE_CSP["img-src"], settings.SITE_URL],
    "frame-ancestors": [CSP.SELF],
}
# What keeps an issue from being sent or even shown, in words for whoever tries.
FAULTS = (issues.NotNowError, letters.NotReady, markdown.TooComplex)


class SendPage:
    def __init__(self, room: "IssueAdmin") -> None:
        self.room = room

    def urls(self) -> list[URLPattern]:
        wrap = self.room.admin_site.admin_view
        return [
            path("<int:pk>/send/", wrap(self.page), name="newsletter_issue_send"),
            path("<int:pk>/mail/", wrap(self.mail), name="newsletter_issue_mail"),
        ]

    # --- Showing ---

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        issue = self.room.find(request, pk)
        if not self.room.has_send_permission(request):
            raise PermissionDenied
        if not issue.is_editable:
            return HttpResponseRedirect(reverse("admin:newsletter_issue_progress", args=[pk]))
        forms = {"schedule": ScheduleForm(initial=_next_hour()), "test": TryForm()}
        if request.method == "POST":
            answer = self._act(request, issue, forms)
            if answer is not None:
                return answer
        context = self.room.admin_site.each_context(request) | {
            "title": gettext("Send"),
            "subtitle": issue,
            "opts": self.room.opts,
            "original": issue,
            "readers": (readers := issue.audience_now().count()),
            "readers_in_words": number(readers),
            "hidden": issues.hidden_posts(issue),
            "counting": _counting(issue),
            "zone": timezone.get_current_timezone_name(),
            "most_tests": trial.MOST_AN_HOUR,
            "grain": grain.in_words(),
            **forms,
            **preview(request, issue),
            **_findings(issue),
        }
        return TemplateResponse(request, "admin/newsletter/issue/send.html", context)

    @property
    def mail(self) -> Any:
        """The HTML part as a page of its own, for the frame on the pages around it."""

        @xframe_options_sameorigin
        @csp_override(MAIL_CSP)
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            issue = self.room.find(request, pk)
            try:
                html = trial.trial(issue, reader_of(request)).html
            except FAULTS as fault:
                raise Http404(str(fault)) from fault
            html = trial.in_light(html, dark="dark" in request.GET)
            return HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))

        return view

    # --- Acting ---

    def _act(self, request: HttpRequest, issue: Issue, forms: dict[str, Any]) -> Any:
        """What the pressed button does; None where the page is to be shown again."""
        try:
            match request.POST.get("act"):
                case "now":
                    return self._send_now(request, issue)
                case "schedule":
                    forms["schedule"] = ScheduleForm(request.POST)
                    if forms["schedule"].is_valid():
                        return self._schedule(request, issue, forms["schedule"].cleaned_data["at"])
                case "with_posts":
                    return self._schedule(request, issue, None)
                case "draft":
                    issues.back_to_draft(issue)
                    self._report(
                        request, issue, gettext("It is a draft again, and goes out only by hand.")
                    )
                    return self._again(issue)
                case "test":
                    forms["test"] = TryForm(request.POST)
                    if forms["test"].is_valid():
                        self._test(request, issue, forms["test"].cleaned_data["addresses"])
                        return self._again(issue)
        except FAULTS as fault:
            issue.refresh_from_db()
            if not issue.is_editable:  # the first of two clicks was this one's twin
                return HttpResponseRedirect(
                    reverse("admin:newsletter_issue_progress", args=[issue.pk])
                )
            messages.error(request, gettext("Nothing was sent. %(fault)s") % {"fault": fault})
            return self._again(issue)
        return None

    def _send_now(self, request: HttpRequest, issue: Issue) -> HttpResponse:
        if request.POST.get("seen") != trial.trial(issue).fingerprint:
            messages.warning(request, gettext(CHANGED))
            return self._again(issue)
        _refuse_errors(issue)
        readers = issue.audience_now().count()
        issues.start(issue)
        done = ngettext(
            "It is on its way to %(number)s reader.",
            "It is on its way to %(number)s readers.",
            readers,
        ) % {"number": number(readers)}
        self._report(request, issue, done)
        return HttpResponseRedirect(reverse("admin:newsletter_issue_progress", args=[issue.pk]))

    def _schedule(self, request: HttpRequest, issue: Issue, at: Any) -> HttpResponse:
        if at is None:
            _refuse_to_wait(issue)
        else:
            issue.send_at = at  # what is written below; its posts have to be public by then
            _refuse_errors(issue)
        issues.schedule(issue, at)
        done = (
            gettext("It goes out on %(moment)s.") % {"moment": moment(at)}
            if at
            else gettext("It goes out the minute its posts are public.")
        )
        self._report(request, issue, done)
        return self._again(issue)

    def _test(self, request: HttpRequest, issue: Issue, to: list[addresses.Address]) -> None:
        for address in to:
            try:
                trial.send_test(issue, address, request.user)
            except trial.NotSentError as fault:
                messages.error(
                    request,
                    gettext("Nothing went to %(email)s: %(fault)s")
                    % {"email": address.email, "fault": fault},
                )
            else:
                messages.success(
                    request,
                    gettext("A test is on its way to %(email)s.") % {"email": address.email},
                )

    def _report(self, request: HttpRequest, issue: Issue, done: str) -> None:
        self.room.log_change(request, issue, done)
        messages.success(request, done)

    def _again(self, issue: Issue) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:newsletter_issue_send", args=[issue.pk]))


def preview(request: HttpRequest, issue: Issue) -> dict[str, Any]:
    """What the preview's template asks for."""
    look = request.GET.get("look", "")
    context = {
        "looks": LOOKS,
        "look": look if look in LOOKS else "wide",
        "dark": "dark" in request.GET,
        "reader": request.GET.get("reader", ""),
    }
    try:
        return context | {"trial": trial.trial(issue, reader_of(request))}
    except FAULTS as fault:
        return context | {"fault": str(fault)}


def reader_of(request: HttpRequest) -> str:
    """The address of whoever it is to be shown as."""
    try:
        return addresses.parse(request.GET.get("reader", "")).email
    except ValidationError:
        return trial.SOMEBODY


def _findings(issue: Issue) -> dict[str, Any]:
    try:
        findings = letters.preflight(issue)
        return {"findings": findings, "is_stopped": bool(trial.errors(issue))}
    except FAULTS:
        return {"findings": [], "is_stopped": True}


def _counting(issue: Issue) -> str:
    """What will be counted of it, in a sentence; empty where nothing is switched on."""
    counting = letters.Counting.wanted(issue)
    if not counting.is_on:
        return ""
    if counting.has_too_few:
        return gettext("Nothing is counted of an issue to fewer than %(fewest)s readers.") % {
            "fewest": letters.FEWEST_READERS
        }
    if counting.clicks and counting.loads:
        return gettext(
            "Clicks on its links and loads of its picture are counted, for all readers together."
        )
    if counting.clicks:
        return gettext("Clicks on its links are counted, for all readers together.")
    return gettext("Loads of its picture are counted, for all readers together.")


def _refuse_errors(issue: Issue) -> None:
    for sentence in trial.errors(issue):
        raise issues.NotNowError(sentence)


def _refuse_to_wait(issue: Issue) -> None:
    """An issue waits for its posts only where there is something to wait for."""
    if issue.places.filter(post=None).exists():
        raise issues.NotNowError(gettext("One of its posts was deleted."))
    if issue.places.exists() and not issues.hidden_posts(issue):
        raise issues.NotNowError(gettext("Its posts are public already."))


def _next_hour() -> dict[str, Any]:
    soon = timezone.localtime() + timedelta(hours=1)
    return {"day": soon.date(), "time": soon.replace(minute=0).time()}

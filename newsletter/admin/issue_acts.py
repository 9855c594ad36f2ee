"""What can be done to an issue that was started, and what is asked before it is done."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from newsletter import installation
from newsletter.models import Delivery, Issue
from newsletter.progress import SENT, Progress
from newsletter.sending import issues

Status = Issue.Status


@dataclass(frozen=True)
class IssueAct:
    name: str
    title: str | Promise
    # What the page before the button says, in whole sentences.
    says: str | Promise
    done: str | Promise
    do: Callable[[Issue], object]
    fits: Callable[[Issue, Progress], bool]
    # Whether a question comes first: what it does cannot be undone.
    asks: bool = True
    kind: str = ""

    @property
    def url_name(self) -> str:
        return f"newsletter_issue_{self.name}"


def newcomers(issue: Issue) -> int:
    """How many would get an issue that was sent before, if it went to the new ones too."""
    had = Delivery.objects.filter(issue=issue).values("subscriber")
    return issue.audience_now().exclude(pk__in=had).count()


def _is_ours(issue: Issue) -> bool:
    return issue.owner == installation.identity()


def _is_unfinished(issue: Issue, progress: Progress) -> bool:
    return progress.state in {Status.SENDING, Status.PAUSED}


ACTS = [
    IssueAct(
        name="pause",
        title=_("Pause"),
        says=_(
            "The mails that are on their way at this moment still go out, and no others until you "
            "resume."
        ),
        done=_("It is paused."),
        do=issues.pause,
        fits=lambda issue, progress: progress.state == Status.SENDING and _is_ours(issue),
        asks=False,
    ),
    IssueAct(
        name="resume",
        title=_("Resume"),
        says=_("It goes on where it stopped. Nobody gets it twice."),
        done=_("It goes on."),
        do=issues.resume,
        fits=lambda issue, progress: progress.state == Status.PAUSED and _is_ours(issue),
        asks=False,
        kind="default",
    ),
    IssueAct(
        name="take_over",
        title=_("Go on here"),
        says=_(
            "It was started in another installation, and this database was restored or copied "
            "from there. If the other one still sends, your readers get the issue twice. Go on "
            "only if you know that it does not."
        ),
        done=_("It goes on from here."),
        do=issues.resume,
        fits=lambda issue, progress: _is_unfinished(issue, progress) and not _is_ours(issue),
        kind="danger",
    ),
    IssueAct(
        name="retry",
        title=_("Try the failed again"),
        says=_(
            "Every mail of this issue that failed is tried anew, as if it had never been tried. "
            "Those to addresses that bounced for good are skipped. The unknown are left as they "
            "are."
        ),
        done=_("The failed wait to be tried again."),
        do=issues.retry_failed,
        fits=lambda issue, progress: bool(progress.failed) and issue.status != Status.CANCELLED,
    ),
    IssueAct(
        name="new",
        title=_("Send it to those who joined since"),
        says=_(
            "Whoever has joined since it was sent gets it now, as it was sent to the others. "
            "Nobody gets it twice."
        ),
        done=_("It goes to those who joined since."),
        do=issues.send_to_new,
        fits=lambda issue, progress: progress.state == SENT,
    ),
    IssueAct(
        name="cancel",
        title=_("Cancel the rest"),
        says=_(
            "Nobody else gets it, for good: what is left is marked as skipped. Mails that went "
            "out cannot be called back. To stop it only for a while, pause it."
        ),
        done=_("It is cancelled."),
        do=issues.cancel,
        fits=_is_unfinished,
        kind="danger",
    ),
]

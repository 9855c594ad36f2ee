"""What must happen without anybody asking: the worker calls `sweep()` every few seconds."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from blog.models import AccountMail, Announcement, Edition, Heartbeat, Limit, Page, Post, SearchMark
from blog.places import set_missing_marks
from blog.search.backends import backend
from blog.tasks import (
    announce,
    relate_posts,
    render_pages_again,
    render_posts_again,
    send_account_mail,
    take_in_posts,
)

# How long we remember what mails we sent.
KEPT = timedelta(days=30)
FORGETTING = "blog: forgetting"
CATCHING_UP = "blog: catching up"
INDEXING = "blog: search index"


def sweep() -> None:
    """Send what is due, forget what is old. With nothing to do it costs a few small reads."""
    Edition.objects.fold()
    if AccountMail.objects.overlooked().exists():
        send_account_mail.enqueue()
    if settings.INDEXNOW_KEY and Announcement.objects.due().exists():
        announce.enqueue()
    if not Heartbeat.objects.alive(CATCHING_UP, within=timedelta(minutes=1)):
        Heartbeat.objects.beat(CATCHING_UP)
        if Post.objects.to_render_again().exists():
            render_posts_again.enqueue()
        if Page.objects.to_render_again().exists():
            render_pages_again.enqueue()
        if Post.objects.to_relate().exists():
            relate_posts.enqueue()
        set_missing_marks()
    # Not again at once, since a task that has more to do goes on by itself.
    if SearchMark.objects.exists() and not Heartbeat.objects.alive(
        INDEXING, within=timedelta(seconds=30)
    ):
        Heartbeat.objects.beat(INDEXING)
        take_in_posts.enqueue()
    if not Heartbeat.objects.alive(FORGETTING, within=timedelta(hours=1)):
        Heartbeat.objects.beat(FORGETTING)
        forget()


def forget() -> None:
    """Delete what was only kept for a time, and let search forget which posts are new no more."""
    backend().tidy()
    Limit.objects.over().delete()
    if not settings.INDEXNOW_KEY:  # it was taken away: what waited would be old news one day
        Announcement.objects.all().delete()
    AccountMail.objects.filter(settled_at__lt=timezone.now() - KEPT).delete()

"""What must happen without anybody asking: the worker calls `sweep()` every few seconds."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from blog.models import AccountMail, Announcement, Edition, Heartbeat, Limit, Page, Post
from blog.tasks import announce, render_pages_again, render_posts_again, send_account_mail

# How long we remember what mails we sent.
KEPT = timedelta(days=30)
FORGETTING = "blog: forgetting"
RENDERING = "blog: rendering again"


def sweep() -> None:
    """Send what is due, forget what is old. With nothing to do it costs a few small reads."""
    Edition.objects.fold()
    if AccountMail.objects.overlooked().exists():
        send_account_mail.enqueue()
    if settings.INDEXNOW_KEY and Announcement.objects.due().exists():
        announce.enqueue()
    if not Heartbeat.objects.alive(RENDERING, within=timedelta(minutes=1)):
        Heartbeat.objects.beat(RENDERING)
        if Post.objects.to_render_again().exists():
            render_posts_again.enqueue()
        if Page.objects.to_render_again().exists():
            render_pages_again.enqueue()
    if not Heartbeat.objects.alive(FORGETTING, within=timedelta(hours=1)):
        Heartbeat.objects.beat(FORGETTING)
        forget()


def forget() -> None:
    """Delete what was only kept for a time."""
    Limit.objects.over().delete()
    if not settings.INDEXNOW_KEY:  # it was taken away: what waited would be old news one day
        Announcement.objects.all().delete()
    AccountMail.objects.filter(settled_at__lt=timezone.now() - KEPT).delete()

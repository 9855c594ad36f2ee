"""What the worker does for the blog. Rows are the truth, these are only nudges."""

from django.tasks import task

from blog import account_emails, index_now
from blog.models import AccountMail, Page, Post
from blog.outbox import deliver

# Chunks end soon enough for a worker that is asked to stop.
MAILS = 50
POSTS = 20


@task
def send_account_mail() -> int:
    """Send what is due, a chunk a task; returns how many mails were looked at."""
    looked_at = deliver(AccountMail.objects.all(), account_emails.write, most=MAILS)
    if looked_at == MAILS:
        send_account_mail.enqueue()
    return looked_at


@task
def announce() -> int:
    """Tell search engines what changed, a chunk a task; returns how many addresses."""
    told = index_now.announce()
    if told == index_now.MOST:
        announce.enqueue()
    return told


@task
def render_posts_again() -> int:
    """Bring posts up to the newest renderer, a chunk a task; returns how many were looked at."""
    posts = list(Post.objects.to_render_again().order_by("pk")[:POSTS])
    for post in posts:
        post.render_again()
    if len(posts) == POSTS:
        render_posts_again.enqueue()
    return len(posts)


@task
def render_pages_again() -> int:
    """The same for pages, of which a site has a handful; returns how many were looked at."""
    pages = list(Page.objects.to_render_again().order_by("pk")[:POSTS])
    for page in pages:
        page.render_again()
    if len(pages) == POSTS:
        render_pages_again.enqueue()
    return len(pages)

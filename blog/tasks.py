"""What the worker does for the blog. Rows are the truth, these are only nudges."""

from django.tasks import task

from blog import account_emails, index_now
from blog.models import AccountMail, Page, Post
from blog.outbox import deliver
from blog.related import relate
from blog.search.index import MOST_MARKS, catch_up

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
    catch_up([post.pk for post in posts])
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


@task
def relate_posts() -> int:
    """Look for what is related to posts that changed, a chunk a task; returns how many."""
    posts = list(Post.objects.to_relate().order_by("pk").defer("body", "html", "toc")[:POSTS])
    relate(posts)
    if len(posts) == POSTS:
        relate_posts.enqueue()
    return len(posts)


@task
def take_in_posts() -> int:
    """Bring the search index up to date where posts were changed in bulk, a chunk a task."""
    taken_in = catch_up(most=MOST_MARKS)
    if taken_in == MOST_MARKS:
        take_in_posts.enqueue()
    return taken_in

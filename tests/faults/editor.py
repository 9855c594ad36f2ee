"""What somebody changes on the public pages of a site. Runs in the desk.

Each act but the last makes the given text appear on a page, in a way of its own; see WAYS.
"""

from datetime import timedelta

from django.utils import timezone

from blog.models import Category, Post, Site
from newsletter.models import Terms


def begin(topics: int) -> None:
    """A post in a category, and so many categories without posts."""
    Site(name="Before").save()
    post = Post(title="A post", slug="a-post", body="Before.", status="published")
    post.save()
    post.categories.add(Category.objects.create(name="Before", slug="before"))
    for number in range(topics):
        Category.objects.create(name=text_for("file_under", number))


def text_for(way: str, number: int) -> str:
    """One that stands nowhere yet, nor within that for another number."""
    return f"Said by {way} {number}x"


def correct(text: str) -> None:
    post = Post.objects.get(slug="a-post")
    post.body = text
    post.save()


def update_many(text: str) -> None:
    Post.objects.filter(slug="a-post").update(title=text)


def file_under(text: str) -> None:
    Post.objects.get(slug="a-post").categories.add(Category.objects.get(name=text))


def rename_category(text: str) -> None:
    category = Category.objects.get(slug="before")
    category.name = text
    category.save()


def rename_site(text: str) -> None:
    site = Site.current()
    site.name = text
    site.save()


def publish_terms(text: str) -> None:
    terms = Terms(version=text.replace(" ", "-"), text=text)
    terms.save()
    terms.publish()


def schedule(slug: str, seconds: float) -> float:
    """A post that goes live so soon; returns when, in seconds of the system's clock."""
    due = timezone.now() + timedelta(seconds=seconds)
    Post(title=f"The post {slug}", slug=slug, status="published", published_at=due).save()
    return due.timestamp()

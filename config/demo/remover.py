"""Taking the demo away: exactly the rows that it added, but for those that somebody uses."""

from collections.abc import Iterator

from django.db import models, transaction
from django.db.models import Count, F

from blog.models import Author, Category, Page, Post, Series, Site
from config.demo.loader import SITE_FIELDS, site_facts
from config.models import DemoRow
from newsletter.models import Consent, Delivery, Feedback, Issue, Subscriber, Terms


@transaction.atomic
def remove() -> list[str]:
    """Returns a sentence for everything that had to stay, because something else hangs on it."""
    remove_readers()
    remove_posts()
    DemoRow.objects.of(Page).delete()
    kept = [*remove_terms(), *remove_categories(), *remove_authors(), *remove_site()]
    DemoRow.objects.all().delete()
    return kept


def remove_readers() -> None:
    """The one place where subscribers go with their consents and mails: these were nobody's."""
    readers = DemoRow.objects.of(Subscriber)
    Feedback.objects.filter(subscriber__in=readers).delete()
    deliveries = Delivery.objects.filter(subscriber__in=readers)
    for issue, number in deliveries.order_by().values_list("issue").annotate(Count("pk")):
        # What an issue counts must still add up to what it has.
        Issue.objects.filter(pk=issue).update(frozen_count=F("frozen_count") - number)
    deliveries.delete()
    readers._raw_delete_rows()  # type: ignore[attr-defined]


def remove_posts() -> None:
    posts = DemoRow.objects.of(Post)
    for post in posts:
        forget_picture(post.cover)
    posts.delete()
    DemoRow.objects.of(Series).filter(posts=None).delete()


def remove_terms() -> Iterator[str]:
    for terms in DemoRow.objects.of(Terms):
        if terms.subscribers.exists() or agreed_to(terms):
            yield f"Terms {terms.version} stay: somebody has agreed to them."
        else:
            # Published terms refuse to go; these were only ever shown on this machine.
            models.QuerySet.delete(Terms.objects.filter(pk=terms.pk))


def agreed_to(terms: Terms) -> bool:
    return Consent.objects.filter(terms_version=terms.version).exists()


def remove_categories() -> Iterator[str]:
    for category in DemoRow.objects.of(Category):
        if category.is_used():
            yield f"The category “{category}” stays: it has posts or readers of yours."
        else:
            category.delete()


def remove_authors() -> Iterator[str]:
    for author in DemoRow.objects.of(Author):
        if author.posts.exists() or author.has_usable_password():
            yield f"The author “{author}” stays: posts of yours are by this name, or it signs in."
        else:
            forget_picture(author.photo)
            author.delete()


def remove_site() -> Iterator[str]:
    facts = site_facts()
    for site in DemoRow.objects.of(Site):
        if all(getattr(site, name) == facts[name] for name in SITE_FIELDS):
            site.delete()
        else:
            yield f"The site’s name and address stay as you wrote them: “{site}”."


def forget_picture(picture: models.fields.files.FieldFile) -> None:
    """Delete its files, once the row is really gone."""
    transaction.on_commit(lambda: picture.delete(save=False))

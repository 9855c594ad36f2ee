"""The demo fills a site, and leaves it as it was."""

from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image

from blog.models import Author, Category, Post, Site
from config.demo import loader
from newsletter.models import Consent, ConsentEvidence, Delivery, Subscriber, Terms
from newsletter.sending import issues
from tests.factories import (
    AuthorFactory,
    CategoryFactory,
    ConsentFactory,
    FeedbackFactory,
    IssueFactory,
    PostFactory,
    SubscriberFactory,
    TermsFactory,
)
from tests.newsletter.sending import send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def development(settings, tmp_path, monkeypatch):
    settings.DEBUG = True
    settings.MEDIA_ROOT = tmp_path
    # The drawings have tests of their own, and take most of the time.
    for drawings in (loader.COVERS, loader.PORTRAITS):
        for slug in drawings:
            monkeypatch.setitem(drawings, slug, lambda: Image.new("RGB", (16, 9)))


@pytest.fixture
def readers():
    """The demo's subscribers alone."""
    loader.add_readers(loader.add_terms(), CategoryFactory.create_batch(5))


def demo(*options: str) -> list[str]:
    out = StringIO()
    call_command("demo", *options, stdout=out)
    return out.getvalue().splitlines()


MAY_STAY = {"newsletter.Secret", "blog.SearchWord", "blog.Edition"}


def counts() -> dict[str, int]:
    """How many rows each table holds; keys that are made once may stay, and single words."""
    return {
        model._meta.label: count
        for model in apps.get_models(include_auto_created=True)
        if model._meta.label not in MAY_STAY and (count := model._base_manager.count())
    }


def pictures(folder) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


class TestDemo:
    def test_demo_is_a_whole_magazine(self, client, tmp_path):
        said = demo()

        assert said == ["The demo is in: 14 posts and 100 subscribers."]
        assert Author.objects.count() == 3
        assert Category.objects.count() == 5
        assert [terms.version for terms in Terms.objects.published()] == ["2", "1"]
        assert Counter(Post.objects.values_list("status", flat=True)) == {
            "published": 13,
            "draft": 1,
        }
        assert [post.slug for post in Post.objects.scheduled()] == ["a-winter-of-night-trains"]
        assert Post.objects.lead().slug == "how-bread-taught-me-patience"
        assert all(post.cover and post.cover_alt for post in Post.objects.all())
        assert pictures(tmp_path) == 2 * (14 + 3)
        assert "Half Tide" in client.get("/").content.decode()

        before = counts()
        assert demo() == ["The demo is already here."]
        assert counts() == before

    def test_demo_needs_debug(self, settings):
        settings.DEBUG = False

        for options in ([], ["--remove"]):
            with pytest.raises(CommandError, match="needs DEBUG=True"):
                demo(*options)

        assert not Post.objects.exists()

    def test_fault_on_the_way_leaves_nothing(self, monkeypatch):
        before = counts()
        monkeypatch.setattr(loader, "add_readers", lambda *_: 1 / 0)

        with pytest.raises(ZeroDivisionError):
            demo()

        assert counts() == before


@pytest.mark.usefixtures("readers")
class TestReaders:
    def test_readers_are_in_every_state_and_real_to_nobody(self):
        emails = Subscriber.objects.values_list("email", flat=True)

        assert Counter(Subscriber.objects.values_list("status", flat=True)) == {
            "active": 68,
            "unsubscribed": 13,
            "pending": 9,
            "bounced": 4,
            "erased": 4,
            "complained": 2,
        }
        assert {email.partition("@")[2] for email in emails} == {
            "",
            "example.com",
            "example.org",
            "example.net",
        }

    def test_every_history_begins_with_consent_to_the_terms_of_its_day(self):
        published = {terms.version: terms for terms in Terms.objects.all()}

        for subscriber in Subscriber.objects.prefetch_related("consents"):
            events = list(subscriber.consents.all())
            first, second, *later = events
            terms = published[first.terms_version]
            assert (first.event, second.event) == ("requested", "terms_agreed")
            assert first.terms_hash == terms.text_hash
            assert terms.published_at <= first.at == subscriber.created_at
            assert events == sorted(events, key=lambda event: event.at)
            assert events[-1].at <= timezone.now()
            assert bool(later) == (subscriber.status != "pending")
        assert {*published} == {*Consent.objects.values_list("terms_version", flat=True)}

    def test_no_sign_up_is_stale_and_no_erased_reader_leaves_evidence(self):
        assert not Subscriber.objects.stale().exists()
        assert ConsentEvidence.objects.exists()
        assert not ConsentEvidence.objects.filter(consent__subscriber__status="erased").exists()

    def test_readers_came_over_months_and_ever_more(self):
        confirmed = Consent.objects.filter(event="confirmed")
        months = timezone.now() - timedelta(days=240 / 2)

        lately = confirmed.filter(at__gte=months).count()

        assert confirmed.count() / 2 < lately < confirmed.count()


class TestRemove:
    def test_removed_demo_leaves_no_row_and_no_file(
        self, tmp_path, django_capture_on_commit_callbacks
    ):
        before = counts()
        demo()

        with django_capture_on_commit_callbacks(execute=True):
            said = demo("--remove")

        assert said == ["The demo is gone."]
        assert counts() == before
        assert pictures(tmp_path) == 0
        assert demo("--remove") == ["There is no demo here."]

    def test_demo_goes_also_after_an_issue_was_sent_to_it(self):
        demo()
        mine = SubscriberFactory(email="me@example.com")
        issue = IssueFactory()
        issue.places.create(post=Post.objects.published().first())
        issues.start(issue)
        send()
        delivery = Delivery.objects.exclude(subscriber=mine).first()
        FeedbackFactory(subscriber=delivery.subscriber, delivery=delivery)

        said = demo("--remove")

        issue.refresh_from_db()
        assert said[-1] == "The demo is gone."
        assert list(Subscriber.objects.all()) == [mine]
        assert (issue.frozen_count, issue.counts()["sent"]) == (1, 1)

    def test_what_was_there_before_stays(self):
        mine = [
            PostFactory(slug="sourdough-by-the-numbers", title="Mine"),
            CategoryFactory(name="Places"),
            AuthorFactory(slug="ines-calder"),
            SubscriberFactory(email="amber.anchor@example.com", terms=TermsFactory(version="1")),
        ]
        Site.objects.create(name="My own")
        before = counts()

        demo()
        demo("--remove")

        assert counts() == before
        for row in mine:
            row.refresh_from_db()
        assert (mine[0].title, Site.current().name) == ("Mine", "My own")

    def test_what_somebody_uses_stays_and_is_named(self):
        demo()
        post = PostFactory(
            author=Author.objects.get(slug="ines-calder"),
            categories=[Category.objects.get(slug="letters")],
        )
        subscriber = SubscriberFactory(email="me@example.com", terms=Terms.objects.get(version="2"))
        ConsentFactory(subscriber=subscriber)
        Site.objects.update(name="My own")

        said = demo("--remove")

        assert said == [
            "Terms 2 stay: somebody has agreed to them.",
            "The category “Letters” stays: it has posts or readers of yours.",
            "The author “Ines Calder” stays: posts of yours are by this name, or it signs in.",
            "The site’s name and address stay as you wrote them: “My own”.",
            "The demo is gone.",
        ]
        assert list(Post.objects.all()) == [post]
        assert list(Subscriber.objects.all()) == [subscriber]
        assert [terms.version for terms in Terms.objects.all()] == ["2"]
        assert [author.slug for author in Author.objects.filter(slug="ines-calder")] == [
            "ines-calder"
        ]
        assert default_storage.exists(Author.objects.get(slug="ines-calder").photo.name)

"""The smallest valid row of each model."""

import factory
from django.contrib.auth.models import Group
from django.utils import timezone
from factory.django import DjangoModelFactory

from blog.models import (
    AccountMail,
    Announcement,
    Author,
    Category,
    Edition,
    Heartbeat,
    Imported,
    Limit,
    Link,
    Mark,
    Page,
    Place,
    Post,
    Redirect,
    SearchEntry,
    SearchMark,
    SearchWord,
    Series,
    Site,
)
from blog.search.signals import taking_in_once
from config.models import DemoRow
from newsletter import addresses, installation
from newsletter.models import (
    AddressChange,
    Consent,
    ConsentEvidence,
    CountedDay,
    CountedLink,
    Delivery,
    Digest,
    DigestRun,
    Feedback,
    FrozenMail,
    ImportBatch,
    ImportFile,
    Issue,
    IssuePost,
    NewsletterSettings,
    Notice,
    Odometer,
    Pace,
    Secret,
    Subscriber,
    Terms,
)
from newsletter.models.subscriber import hash_address


class AnnouncementFactory(DjangoModelFactory):
    class Meta:
        model = Announcement

    path = factory.Sequence(lambda n: f"/posts/post-{n}/")
    due_at = factory.LazyFunction(timezone.now)


class AuthorFactory(DjangoModelFactory):
    class Meta:
        model = Author
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"author{n}")
    display_name = factory.Sequence(lambda n: f"Author Number {n}")
    email = factory.Sequence(lambda n: f"author{n}@example.com")
    password = factory.django.Password("a good long password")


class StaffFactory(AuthorFactory):
    """Somebody who works in the newsroom: `StaffFactory(role="Editor")`."""

    is_staff = True

    @factory.post_generation
    def role(self, create, extracted, **kwargs):
        if create and extracted:
            self.groups.add(Group.objects.get(name=extracted))


class AdministratorFactory(AuthorFactory):
    is_staff = True
    is_superuser = True


class CategoryFactory(DjangoModelFactory):
    class Meta:
        model = Category

    name = factory.Sequence(lambda n: f"Category {n}")


class DraftFactory(DjangoModelFactory):
    class Meta:
        model = Post
        skip_postgeneration_save = True

    title = factory.Sequence(lambda n: f"Post {n}")
    author = factory.SubFactory(AuthorFactory)

    @classmethod
    def _generate(cls, strategy, params):
        """Stored as the newsroom does it."""
        with taking_in_once():
            return super()._generate(strategy, params)

    @factory.post_generation
    def categories(self, create, extracted, **kwargs):
        if create and extracted:
            self.categories.set(extracted)


class PostFactory(DraftFactory):
    """A post that the public may see."""

    status = "published"
    published_at = factory.LazyFunction(timezone.now)


class SeriesFactory(DjangoModelFactory):
    class Meta:
        model = Series

    name = factory.Sequence(lambda n: f"Series {n}")


class PlaceFactory(DjangoModelFactory):
    """As a trigger would write it."""

    class Meta:
        model = Place

    list = "somewhere"
    post_id = factory.Sequence(lambda n: n + 1)
    published_at = factory.LazyFunction(timezone.now)


class MarkFactory(DjangoModelFactory):
    class Meta:
        model = Mark

    list = "somewhere"
    number = factory.Sequence(lambda n: 1000 * (n + 1))
    post_id = factory.Sequence(lambda n: n + 1)
    published_at = factory.LazyFunction(timezone.now)


class SiteFactory(DjangoModelFactory):
    class Meta:
        model = Site

    name = "The Example"


class PageFactory(DjangoModelFactory):
    class Meta:
        model = Page

    title = factory.Sequence(lambda n: f"Page {n}")
    status = "published"


class LinkFactory(DjangoModelFactory):
    class Meta:
        model = Link

    site = factory.LazyFunction(lambda: Site.objects.first() or SiteFactory())
    place = "navigation"
    label = "Archive"
    address = "/archive/"


class NewsletterSettingsFactory(DjangoModelFactory):
    class Meta:
        model = NewsletterSettings


class TermsFactory(DjangoModelFactory):
    """Published terms: the current ones, where no later are made."""

    class Meta:
        model = Terms

    version = factory.Sequence(lambda n: f"v{n + 1}")
    text = "We send you letters."
    published_at = factory.LazyFunction(timezone.now)


class SubscriberFactory(DjangoModelFactory):
    """An active subscriber."""

    class Meta:
        model = Subscriber

    class Params:
        address = factory.LazyAttribute(lambda row: addresses.parse(row.email))

    email = factory.Sequence(lambda n: f"reader{n}@example.com")
    key = factory.LazyAttribute(lambda row: row.address.key)
    address_hash = factory.LazyAttribute(lambda row: hash_address(row.address.key))
    status = "active"
    agreed_to_terms = True
    terms = factory.SubFactory(TermsFactory)
    confirmed_at = factory.LazyFunction(timezone.now)


class ConsentFactory(DjangoModelFactory):
    class Meta:
        model = Consent

    subscriber = factory.SubFactory(SubscriberFactory)
    event = "requested"
    terms_version = factory.LazyAttribute(lambda row: row.subscriber.terms.version)
    terms_hash = factory.LazyAttribute(lambda row: row.subscriber.terms.text_hash)


class IssueFactory(DjangoModelFactory):
    """A draft to everyone."""

    class Meta:
        model = Issue

    subject = factory.Sequence(lambda n: f"Issue {n}")
    body = "A few words."


class DigestFactory(DjangoModelFactory):
    """Weekly, on Mondays at nine, of everything; it goes out from here."""

    class Meta:
        model = Digest

    name = factory.Sequence(lambda n: f"Digest {n}")
    is_active = True
    owner = factory.LazyFunction(installation.identity)


class DigestRunFactory(DjangoModelFactory):
    class Meta:
        model = DigestRun

    digest = factory.SubFactory(DigestFactory)
    due_at = factory.LazyFunction(timezone.now)
    issue = factory.SubFactory(IssueFactory)


class RunningIssueFactory(IssueFactory):
    """Started and frozen; its deliveries are made by DeliveryFactory."""

    status = "sending"
    started_at = factory.LazyFunction(timezone.now)
    frozen_at = factory.LazyFunction(timezone.now)


class DeliveryFactory(DjangoModelFactory):
    """One mail that waits."""

    class Meta:
        model = Delivery

    issue = factory.SubFactory(RunningIssueFactory)
    subscriber = factory.SubFactory(SubscriberFactory)


# --- What the machinery keeps for itself ----------------------------------------------------------


class RedirectFactory(DjangoModelFactory):
    class Meta:
        model = Redirect

    old_path = factory.Sequence(lambda n: f"/old/{n}/")
    category = factory.SubFactory(CategoryFactory)


class ImportedFactory(DjangoModelFactory):
    class Meta:
        model = Imported

    post = factory.SubFactory(PostFactory)
    slug = factory.LazyAttribute(lambda row: row.post.slug)
    file_hash = "0" * 64
    post_hash = "0" * 64


class LimitFactory(DjangoModelFactory):
    class Meta:
        model = Limit

    key = factory.Sequence(lambda n: f"limit {n}")
    count = 1
    ends_at = factory.LazyFunction(timezone.now)


class EditionFactory(DjangoModelFactory):
    class Meta:
        model = Edition

    token = factory.Sequence(lambda n: f"edition {n}")


class HeartbeatFactory(DjangoModelFactory):
    class Meta:
        model = Heartbeat

    name = factory.Sequence(lambda n: f"process {n}")
    seen_at = factory.LazyFunction(timezone.now)


class AccountMailFactory(DjangoModelFactory):
    class Meta:
        model = AccountMail

    kind = "invitation"
    author = factory.SubFactory(AuthorFactory)


class ConsentEvidenceFactory(DjangoModelFactory):
    class Meta:
        model = ConsentEvidence

    consent = factory.SubFactory(ConsentFactory)
    ip = "192.0.2.1"


class NoticeFactory(DjangoModelFactory):
    """An answer to a sign-up that waits to be sent."""

    class Meta:
        model = Notice

    kind = "sign_up"
    subscriber = factory.SubFactory(SubscriberFactory, status="pending", confirmed_at=None)
    consent = factory.SubFactory(ConsentFactory, subscriber=factory.SelfAttribute("..subscriber"))


class AddressChangeFactory(DjangoModelFactory):
    class Meta:
        model = AddressChange

    subscriber = factory.SubFactory(SubscriberFactory)
    old_email = factory.LazyAttribute(lambda row: row.subscriber.email)
    new_email = factory.Sequence(lambda n: f"moved{n}@example.com")
    new_key = factory.LazyAttribute(lambda row: addresses.parse(row.new_email).key)


class SecretFactory(DjangoModelFactory):
    class Meta:
        model = Secret

    name = factory.Sequence(lambda n: f"key {n}")
    value = "0" * 64


class IssuePostFactory(DjangoModelFactory):
    class Meta:
        model = IssuePost

    issue = factory.SubFactory(IssueFactory)
    post = factory.SubFactory(PostFactory)


class FrozenMailFactory(DjangoModelFactory):
    class Meta:
        model = FrozenMail

    issue = factory.SubFactory(RunningIssueFactory)
    subject = "Hello"
    sender = "The Example <hello@example.com>"
    site_name = "The Example"
    html = "<p>Hello</p>"
    text = "Hello"


class CountedLinkFactory(DjangoModelFactory):
    class Meta:
        model = CountedLink

    issue = factory.SubFactory(RunningIssueFactory)
    number = factory.Sequence(lambda n: n + 1)
    address = "https://example.org/"


class CountedDayFactory(DjangoModelFactory):
    class Meta:
        model = CountedDay

    link = factory.SubFactory(CountedLinkFactory)
    day = factory.LazyFunction(timezone.localdate)
    times = 1


class FeedbackFactory(DjangoModelFactory):
    class Meta:
        model = Feedback

    subscriber = factory.SubFactory(SubscriberFactory)
    kind = "soft"
    key = factory.Sequence(lambda n: f"event {n}")


class ImportBatchFactory(DjangoModelFactory):
    class Meta:
        model = ImportBatch

    file_name = "readers.csv"
    fingerprint = "0" * 64


class ImportFileFactory(DjangoModelFactory):
    class Meta:
        model = ImportFile

    author = factory.SubFactory(AuthorFactory)
    name = "readers.csv"
    data = b"email\n"


class OdometerFactory(DjangoModelFactory):
    class Meta:
        model = Odometer

    number = "0123456789abcdef"


class PaceFactory(DjangoModelFactory):
    class Meta:
        model = Pace

    rate = factory.Sequence(lambda n: f"{n + 1}/60s")


class DemoRowFactory(DjangoModelFactory):
    class Meta:
        model = DemoRow

    model = "blog.post"
    key = factory.Sequence(str)


class SearchEntryFactory(DjangoModelFactory):
    """The entry that the post has got as it was saved."""

    class Meta:
        model = SearchEntry
        django_get_or_create = ["post"]

    post = factory.SubFactory(PostFactory)


class SearchMarkFactory(DjangoModelFactory):
    class Meta:
        model = SearchMark

    post_id = factory.Sequence(int)


class SearchWordFactory(DjangoModelFactory):
    class Meta:
        model = SearchWord

    word = factory.Sequence(lambda n: f"word{n}")
    first = "w"
    length = 5

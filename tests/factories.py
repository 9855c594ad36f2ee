"""The smallest valid row of each model."""

import factory
from django.contrib.auth.models import Group
from django.utils import timezone
from factory.django import DjangoModelFactory

from blog.models import Author, Category, Post, Site
from newsletter import addresses
from newsletter.models import Consent, Delivery, Issue, Subscriber, Terms
from newsletter.models.subscriber import hash_address


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

    @factory.post_generation
    def categories(self, create, extracted, **kwargs):
        if create and extracted:
            self.categories.set(extracted)


class PostFactory(DraftFactory):
    """A post that the public may see."""

    status = "published"
    published_at = factory.LazyFunction(timezone.now)


class SiteFactory(DjangoModelFactory):
    class Meta:
        model = Site

    name = "The Example"


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

"""A site whose own texts have no Latin letter in them, with one of everything that pages show."""

from datetime import timedelta

from django.utils import timezone

from blog.models import AccountMail, Author
from newsletter.models import AddressChange, IssuePost, Notice, Subscriber
from tests.blog.pictures import picture, upload
from tests.factories import (
    AdministratorFactory,
    CategoryFactory,
    ConsentEvidenceFactory,
    ConsentFactory,
    CountedDayFactory,
    CountedLinkFactory,
    DeliveryFactory,
    DigestFactory,
    DraftFactory,
    FrozenMailFactory,
    ImportBatchFactory,
    IssueFactory,
    NewsletterSettingsFactory,
    PostFactory,
    RedirectFactory,
    RunningIssueFactory,
    SiteFactory,
    SubscriberFactory,
    TermsFactory,
)

BODY = """
Λόγος.[^1] Πάλι.[^1]

## Πρώτα

- [x] έργο

| α | β |
|---|---|
| γ | δ |

## Δεύτερα

## Τρίτα

[^1]: Σημείωση.
"""


def furnish() -> Author:
    """Returns the administrator."""
    SiteFactory(name="Ηχώ", tagline="Λόγια", postal_address="Οδός 1", reply_to="a@example.org")
    NewsletterSettingsFactory(
        offers_topics=True, counts_clicks=True, counts_loads=True, reminds=True
    )
    boss = AdministratorFactory(username="άννα", display_name="Άννα", bio="Βίος.")
    AdministratorFactory(username="νίκος", display_name="Νίκος")
    now = timezone.now()
    terms = TermsFactory(version="1", text="Όροι.", published_at=now - timedelta(days=9))
    TermsFactory(version="2", text="Νέοι όροι.")
    TermsFactory(version="3", text="Σχέδιο.", published_at=None)
    TermsFactory(version="4", text="Ξένοι.", kind="external")
    filed, bare = CategoryFactory(name="Τέχνη", description="Περί."), CategoryFactory(name="Άδεια")
    look = {"body": BODY, "author": boss, "categories": [filed], "summary": "Περίληψη."}
    post = PostFactory(
        title="Αρχή",
        cover=upload(picture(32, 20)),
        cover_alt="Εικόνα.",
        published_at=now - timedelta(days=9),
        updated_at=now,
        **look,
    )
    others = [PostFactory(title=f"Τίτλος {n}", **look) for n in range(12)]
    PostFactory(title="Ξένη", translation_of=post, language="el", author=boss)
    DraftFactory(title="Πρόχειρο", author=boss)
    PostFactory(title="Αύριο", author=boss, published_at=now + timedelta(days=1))
    RedirectFactory(old_path="/α/", to_path="/β/", category=None)
    _readers(terms, filed)
    _issues([post, *others[:2]], filed)
    AccountMail.objects.create(kind="invitation", author=boss)
    AccountMail.objects.create(kind="reset", author=boss, status="failed", settled_at=now)
    ImportBatchFactory(file_name="α.csv", source="Πηγή", terms=terms, finished_at=now)
    assert bare.pk
    return boss


def _readers(terms, category) -> None:
    gone = SubscriberFactory(terms=terms, email="gone@example.com")
    gone.erase()
    living = [status for status in Subscriber.Status.values if status != "erased"]
    for n, status in enumerate(living):
        reader = SubscriberFactory(status=status, terms=terms, email=f"reader{n}@example.com")
        consent = ConsentFactory(subscriber=reader)
        ConsentFactory(subscriber=reader, event="terms_agreed", wording="Λόγια")
        ConsentEvidenceFactory(consent=consent, ip="192.0.2.1", user_agent="Β", source="/")
        change = AddressChange.objects.create(
            subscriber=reader,
            old_email=reader.email,
            new_email=f"new{n}@example.org",
            new_key=f"new{n}@example.org",
        )
        for kind in Notice.Kind.values:
            Notice.objects.create(
                kind=kind, subscriber=reader, consent=consent, address_change=change
            )
    some = SubscriberFactory(terms=terms, receives_everything=False, email="some@example.com")
    some.topics.add(category)


def _issues(posts, category) -> None:
    draft = IssueFactory(subject="Τεύχος", intro="Χαίρε.", body="", audience="topics")
    draft.categories.add(category)
    IssueFactory(
        subject="Αύριο", status="scheduled", send_at=timezone.now() + timedelta(days=1), body="Α."
    )
    running = RunningIssueFactory(subject="Εν κινήσει", body="Α.")
    FrozenMailFactory(
        issue=running,
        subject="Εν κινήσει",
        sender="Ηχώ <a@example.org>",
        site_name="Ηχώ",
        html="<p>Α</p>",
        text="Α",
    )
    for place, post in enumerate(posts):
        IssuePost.objects.create(issue=draft, post=post, position=place)
        IssuePost.objects.create(issue=running, post=post, position=place)
    readers = list(Subscriber.objects.all())
    for status, reader in zip(["sent", "failed", "unknown", "skipped"], readers, strict=False):
        DeliveryFactory(issue=running, subscriber=reader, status=status)
    link = CountedLinkFactory(issue=running, number=1, address="https://example.com/")
    CountedDayFactory(link=link)
    DigestFactory(name="Εβδομάδα")

"""Before an issue goes out: how it will look, and what is wrong with it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from newsletter.letters import Level, preflight, preview, unknown_tags
from newsletter.models import Issue, IssuePost
from tests.blog.pictures import picture, upload
from tests.factories import (
    CategoryFactory,
    DraftFactory,
    IssueFactory,
    PostFactory,
    RunningIssueFactory,
    SiteFactory,
    SubscriberFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def site():
    return SiteFactory(postal_address="1 Long Lane")


@pytest.fixture(autouse=True)
def reader():
    return SubscriberFactory(email="mara@example.com")


def with_posts(issue, *posts):
    for position, post in enumerate(posts):
        IssuePost.objects.create(issue=issue, post=post, position=position)
    return issue


def sentences(issue, level=Level.WARNING):
    assert {finding.level for finding in preflight(issue)} <= {level}
    return [finding.sentence for finding in preflight(issue)]


def test_preview_is_the_mail_as_the_reader_would_get_it_but_for_her_token(reader):
    issue = with_posts(IssueFactory(subject="Spring", intro="{{ email }}"), DraftFactory(title="D"))

    html, text, headers = preview(issue, reader)

    for part in (html, text):
        assert part.count("mara@example.com") == 2
        assert "/posts/d/" in part
        assert reader.token not in part
    assert dict(headers)["Subject"] == "Spring"
    assert dict(headers)["To"] == "mara@example.com"
    assert reader.token not in str(headers)


def test_preview_of_what_was_never_saved():
    issue = Issue(subject="Spring", body="**Words**")
    issue.render()

    html, text, _ = preview(issue)

    assert "<strong>Words</strong>" in html
    assert "reader@example.com" in text
    assert not Issue.objects.exists()


def test_good_issue_has_no_findings():
    post = PostFactory(
        title="Kept",
        body="![a boat](/media/x/y.webp) [me](/posts/kept/) [out](https://elsewhere.example/)",
        cover=upload(picture()),
        cover_alt="Teal",
    )
    CategoryFactory(slug="tools")
    issue = IssueFactory(
        subject="What the NASA week brought!",
        body="{{ email }} [cat](/categories/tools/) [list](/newsletter) "
        "[out]({{ unsubscribe_url }}) [below](#there) [mail](mailto:a@b.example) `{{ code }}` [home](https://blog.example.com)",
    )

    assert preflight(with_posts(issue, post)) == []


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("READ THIS NOW", "capitals"),
        ("Hello!!", "exclamation"),
    ],
)
def test_subject_that_looks_like_spam(subject, words):
    [sentence] = sentences(IssueFactory(subject=subject))

    assert words in sentence


def test_issue_without_subject_text_or_reader(reader):
    reader.unsubscribe()

    assert sentences(IssueFactory(subject="", slug="x", body=""), Level.ERROR) == [
        "It has no subject.",
        "There is nothing in it.",
        "Nobody would get it: no subscriber is in its audience.",
    ]


def test_posts_that_readers_could_not_open():
    deleted = PostFactory()
    issue = with_posts(IssueFactory(), deleted, DraftFactory(title="Not yet"))
    deleted.delete()

    first, second = sentences(issue, Level.ERROR)

    assert "was deleted" in first
    assert "“Not yet” is not public" in second


@pytest.mark.parametrize(
    ("fields", "fine"),
    [
        ({"with_posts": True}, True),
        ({"send_at": timezone.now() + timedelta(days=2)}, True),
        ({"send_at": timezone.now() + timedelta(hours=1)}, False),
        ({}, False),
    ],
)
def test_post_that_goes_live_in_time_is_fine(fields, fine):
    later = PostFactory(published_at=timezone.now() + timedelta(days=1))

    assert (preflight(with_posts(IssueFactory(**fields), later)) == []) is fine


@pytest.mark.parametrize(
    "link",
    [
        "/posts/nothing/",
        "https://blog.example.com/nowhere/",
        "/newsletter/issues/secret/",
        "example.com",
        "/media/covers/00000000000000000000000000000000.webp",
        "/categories/none/",
        "/authors/nobody/",
        "/series/none/",
    ],
)
def test_link_to_a_page_that_is_not_there(link):
    IssueFactory(slug="secret")

    [sentence] = sentences(IssueFactory(body=f"[See]({link})"))

    assert sentence == f"The link “See” in the issue leads to no page of this site: {link}"


def test_link_to_an_old_address_or_an_issue_is_fine():
    post = PostFactory(slug="old")
    post.slug = "new"
    post.save()
    RunningIssueFactory(slug="sent")

    assert preflight(IssueFactory(body="[a](/posts/old/) [b](/newsletter/issues/sent/)")) == []


@pytest.mark.parametrize("body", ["[See]()", "[See](#)", "<a>See</a>"])
def test_link_without_an_address(body):
    assert sentences(IssueFactory(body=body)) == ["The link “See” in the issue has no address."]


def test_pictures_without_description():
    post = PostFactory(
        title="P", body="![](/media/x.webp) ![](/media/y.webp)", cover=upload(picture())
    )

    found = sentences(with_posts(IssueFactory(body="![](/media/x.webp)"), post))

    assert found == [
        "A picture in the issue has no description for readers who do not see it.",
        "The cover of “P” has no description.",
        "2 pictures in “P” have no description.",
    ]


def test_merge_tags_that_will_not_be_replaced_are_named_as_typed():
    issue = IssueFactory(
        subject="For {{ email }}",
        intro="{{ name }}",
        body="{{name|x}} {{ name }} {{ email }} `{{ code }}`",
    )

    assert unknown_tags(issue) == ["{{ email }}", "{{ name }}", "{{name|x}}"]
    assert sentences(issue)[1] == (
        "{{ name }} will stand in the mail as it was typed. The introduction and the body know "
        "{{ email }}, {{ unsubscribe_url }}, {{ preferences_url }}."
    )


def test_what_is_too_long_for_an_inbox():
    post = PostFactory(title="Long", body="Many words. " * 9000)

    [shortened, cut] = sentences(with_posts(IssueFactory(body="Many words. " * 9000), post))

    assert "“Long” is too long" in shortened
    assert "It is too long" in cut


def test_site_that_misses_what_mail_needs(site, settings):
    site.postal_address = ""
    site.save()
    settings.HTTPS = False

    address, https = sentences(IssueFactory())

    assert "postal address" in address
    assert "https://" in https

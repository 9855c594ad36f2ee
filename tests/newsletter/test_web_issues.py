"""Past issues on the web: pages and feed, the same for everyone."""

from datetime import UTC, datetime, timedelta

import feedparser
import pytest

from newsletter.letters import Letter, Reader, freeze
from newsletter.models import Issue, IssuePost
from tests.factories import (
    AuthorFactory,
    IssueFactory,
    PostFactory,
    RunningIssueFactory,
    SubscriberFactory,
)

pytestmark = pytest.mark.django_db

MAY = datetime(2026, 5, 1, 12, tzinfo=UTC)


def issue_of(*posts, **fields):
    issue = RunningIssueFactory(**fields)
    for position, post in enumerate(posts):
        IssuePost.objects.create(issue=issue, post=post, position=position)
    return issue


def test_page_shows_the_texts_and_the_posts_in_order(client):
    late = PostFactory(title="Late", body="## Part\n\nThe late one.", author=AuthorFactory())
    issue_of(late, PostFactory(title="Early"), subject="Spring", intro="*Dear*", body="**Words**")

    page = client.get("/newsletter/issues/spring/")

    assert page.status_code == 200
    assert page["Cache-Control"] == "public, no-cache"
    assert "<em>Dear</em>" in page.text
    assert "<strong>Words</strong>" in page.text
    assert page.text.index("The late one.") < page.text.index(">Early<")
    assert "<h3>Part" in page.text
    assert 'href="https://blog.example.com/newsletter/issues/spring/"' in page.text


def test_writer_chooses_the_words_for_whoever_is_not_known(client):
    issue = RunningIssueFactory(
        subject="Spring",
        intro="Hello {{ email|you & <b>all</b> }}00",
        body="{{email|}} {{ email | é }}",
    )
    message = Letter(freeze(issue)).message(Reader(1, "mara@example.com", "t"))
    [html] = [part.content for part in message.alternatives]

    page = client.get("/newsletter/issues/spring/").text

    for part in (message.body, html):
        assert "Hello mara@example.com00" in part
        assert "mara@example.com" in part.partition("{{email|}}")[2]
        assert "0or0" not in part
    assert "Hello you &amp; &lt;b&gt;all&lt;/b&gt;00" in page
    assert "{{email|}} é" in page


def test_mail_leads_to_the_page_and_the_page_knows_no_reader(client):
    issue = RunningIssueFactory(
        subject="Spring", body="{{ email }} {{ unsubscribe_url }} [x]({{ preferences_url }})"
    )
    subscriber = SubscriberFactory()
    message = Letter(freeze(issue)).message(Reader(1, subscriber.email, subscriber.token))

    pages = [client.get(path) for path in ("/newsletter/issues/spring/", "/newsletter/feed/")]

    assert "https://blog.example.com/newsletter/issues/spring/" in message.body
    for page in pages:
        assert "your address" in page.text
        assert "https://blog.example.com/newsletter/" in page.text
        for secret in (subscriber.email, subscriber.token, "pennypost0", "unsubscribe/"):
            assert secret not in page.text


def test_digest_shows_summaries(client):
    issue_of(PostFactory(summary="In short.", body="All of it."), subject="May", shows="summary")

    page = client.get("/newsletter/issues/may/")

    assert "In short." in page.text
    assert "All of it." not in page.text


def test_page_of_endless_posts_shows_the_rest_as_summaries(client, monkeypatch):
    monkeypatch.setattr("newsletter.letters.web.MOST_HTML", 100)
    short, long = PostFactory(body="Few words."), PostFactory(summary="Point.", body="Many. " * 99)
    issue_of(short, long, subject="Both")

    page = client.get("/newsletter/issues/both/")

    assert "Few words." in page.text
    assert "Point." in page.text
    assert "Many." not in page.text


def test_issue_that_is_one_post_names_it_as_the_original(client):
    issue_of(PostFactory(title="One"), subject="One", body="")

    page = client.get("/newsletter/issues/one/")

    assert '<link rel="canonical" href="https://blog.example.com/posts/one/">' in page.text


@pytest.mark.parametrize("status", ["draft", "scheduled"])
def test_issue_that_was_not_started_is_nowhere(client, status):
    IssueFactory(subject="Soon", status=status, send_at=MAY)

    assert client.get("/newsletter/issues/soon/").status_code == 404
    assert "Soon" not in client.get("/newsletter/").text
    assert "Soon" not in client.get("/newsletter/feed/").text


@pytest.mark.parametrize("how", ["unpublish", "delete"])
def test_issue_goes_with_any_of_its_posts(client, how):
    post = PostFactory()
    issue_of(post, PostFactory(), subject="Gone")
    issue_of(PostFactory(), subject="Stays")

    getattr(post, how)()

    assert client.get("/newsletter/issues/gone/").status_code == 404
    assert client.get("/newsletter/issues/stays/").status_code == 200
    for path in ("/newsletter/", "/newsletter/feed/"):
        assert "Gone" not in client.get(path).text
        assert "Stays" in client.get(path).text


def test_cancelled_issue_that_some_readers_got_stays(client):
    RunningIssueFactory(subject="Half", status="cancelled")

    assert client.get("/newsletter/issues/half/").status_code == 200


def test_list_has_the_newest_first_and_pages(client):
    Issue.objects.bulk_create(
        Issue(
            subject=f"No. {number}",
            slug=f"no-{number}",
            status="sending",
            started_at=MAY + timedelta(days=number),
        )
        for number in range(51)
    )

    first, second = (client.get(f"/newsletter/?page={number}").text for number in (1, 2))

    assert first.index("No. 50<") < first.index("No. 49<") < first.index("No. 1<")
    assert "No. 0<" not in first
    assert "Older issues" in first
    assert "No. 0<" in second
    assert client.get("/newsletter/?page=3").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("path", "queries"), [("/newsletter/", 5), ("/newsletter/feed/", 6)])
def test_pages_ask_as_much_for_many_as_for_one(
    client, django_assert_max_num_queries, path, queries, count
):
    for _ in range(count):
        issue_of(PostFactory(), PostFactory())

    with django_assert_max_num_queries(queries):
        client.get(path)


def test_feed_is_valid_and_holds_the_issues_words_and_summaries(client):
    post = PostFactory(title="One", summary="Its point.", body="All of it.")
    issue_of(post, subject="A & B", body="[there](/posts/x/) words", started_at=MAY)

    response = client.get("/newsletter/feed/")

    feed = feedparser.parse(response.content)
    assert not feed.bozo
    assert response["Content-Type"].startswith("application/xml")
    [entry] = feed.entries
    assert entry.title == "A & B"
    assert entry.link == "https://blog.example.com/newsletter/issues/a-b/"
    assert entry.updated == "2026-05-01T12:00:00+00:00"
    assert 'href="https://blog.example.com/posts/x/"' in entry.content[0].value
    assert 'href="https://blog.example.com/posts/one/"' in entry.content[0].value
    assert "Its point." in entry.content[0].value
    assert "All of it." not in entry.content[0].value


def test_feed_without_issues_is_one(client):
    assert feedparser.parse(client.get("/newsletter/feed/").content).entries == []

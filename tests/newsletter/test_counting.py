"""Loads and clicks: what leads through us, what is added up, and what is not. docs/counting.md."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy
from html import unescape

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection, connections, transaction
from django.test import Client
from django.utils import timezone

from newsletter import letters, trial
from newsletter.letters import Letter, Reader, compose, freeze
from newsletter.models import CountedDay, CountedLink, FrozenMail, Issue, IssuePost, counted
from newsletter.sending import issues
from tests.factories import (
    CountedLinkFactory,
    IssueFactory,
    NewsletterSettingsFactory,
    PostFactory,
    RunningIssueFactory,
    SiteFactory,
    SubscriberFactory,
)
from tests.newsroom import admin_url, save

pytestmark = pytest.mark.django_db

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CLICK = "https://blog.example.com/newsletter/click"
BODY = """\
[One](https://example.org/?a=1&b=2), [two](http://example.net/<"x">), [one again](https://example.org/?a=1&b=2).

[Write](mailto:mara@example.com), [leave]({{ unsubscribe_url }}), [choose]({{ preferences_url }}),
[hers](https://example.org/?who={{ email }}), <https://example.com/as-it-reads>, [up](#top).
"""


@pytest.fixture(autouse=True)
def clear():
    cache.clear()


@pytest.fixture
def switched_on():
    return NewsletterSettingsFactory(counts_clicks=True, counts_loads=True)


@pytest.fixture
def readers():
    return SubscriberFactory.create_batch(10)


def frozen(**fields) -> FrozenMail:
    return freeze(IssueFactory(subject="Spring", body=BODY, **fields))


def addresses(issue) -> list[tuple[int, str]]:
    rows = CountedLink.objects.filter(issue=issue).order_by("number")
    return list(rows.values_list("number", "address"))


def counted_link(minutes_ago=60, **fields) -> CountedLink:
    """A link of an issue that left so long ago."""
    started_at = timezone.now() - timedelta(minutes=minutes_ago)
    return CountedLinkFactory(issue=RunningIssueFactory(started_at=started_at), **fields)


def follow(client, link, method="get", address="11.0.0.7", **headers):
    path = f"/newsletter/click/{link.issue_id}/{link.number}/"
    headers = {"User-Agent": BROWSER} | headers
    return getattr(client, method)(path, headers=headers, REMOTE_ADDR=address)


def load(client, link, **headers):
    headers = {"User-Agent": BROWSER} | headers
    return client.get(f"/newsletter/load/{link.issue_id}.gif", headers=headers)


def times(link) -> int:
    return sum(CountedDay.objects.filter(link=link).values_list("times", flat=True))


# --- The mail ---


def test_mail_is_the_same_to_the_byte_until_something_is_switched_on(readers):
    issue = IssueFactory(body=BODY)

    before = compose(issue).mail
    NewsletterSettingsFactory()
    mail = freeze(issue)

    assert (mail.html, mail.text) == (before.html, before.text)
    assert "/newsletter/click/" not in mail.html
    assert "/newsletter/load/" not in mail.html
    assert not CountedLink.objects.exists()


def test_links_lead_through_us_by_their_numbers(switched_on, readers):
    mail = frozen()
    issue = mail.issue

    # The first is the name of the site above every mail.
    assert addresses(issue) == [
        (0, ""),
        (1, "https://blog.example.com/"),
        (2, "https://example.org/?a=1&b=2"),
        (3, "http://example.net/%3C%22x%22%3E"),
    ]
    assert f'<a href="{CLICK}/{issue.pk}/2/"' in mail.html
    assert mail.html.count(f"{CLICK}/{issue.pk}/2/") == 2
    assert f"/newsletter/load/{issue.pk}.gif" in mail.html
    for way in (
        "mailto:mara@example.com",
        "https://blog.example.com/newsletter/issues/spring/",
        "https://blog.example.com/newsletter/unsubscribe/pennypost0token0goes0here/",
        "https://blog.example.com/newsletter/preferences/pennypost0token0goes0here/",
        "https://example.org/?who=pennypost0email0goes0here",
        "https://example.com/as-it-reads",
    ):
        assert f'href="{way}' in mail.html, way


def test_what_is_counted_is_the_same_in_every_mail(switched_on, readers):
    letter = Letter(frozen())

    mails = [
        letter.message(Reader(number, "x@example.com", token)).alternatives[0][0]
        for number, token in enumerate(["one", "two"])
    ]

    assert mails[0].replace("/one/", "/two/") == mails[1]


def test_link_in_a_mail_on_the_wire_leads_where_it_was_written(client, switched_on, readers):
    wire = Letter(frozen()).pour(Reader(1, "mara@example.com", "token"))
    html = message_from_bytes(wire, policy=policy.default).get_body(["html"]).get_content()

    link = re.search(r'href="https://blog.example.com([^"]*)"[^>]*>two</a>', html)[1]

    assert client.get(link)["Location"] == "http://example.net/%3C%22x%22%3E"


def test_text_part_and_page_on_the_web_keep_the_true_links(client, switched_on, readers):
    issue = IssueFactory(subject="Spring", body=BODY)
    issues.start(issue)

    pages = [client.get(path).text for path in ("/newsletter/issues/spring/", "/newsletter/feed/")]

    # A feed holds HTML as text.
    for text in (issue.frozen_mail.text, *(unescape(unescape(page)) for page in pages)):
        assert "https://example.org/?a=1&b=2" in text
        assert "/newsletter/click/" not in text
        assert "/newsletter/load/" not in text


@pytest.mark.parametrize(
    ("field", "has_links", "has_picture"),
    [("counts_clicks", True, False), ("counts_loads", False, True)],
)
def test_each_is_switched_on_by_itself(readers, field, has_links, has_picture):
    NewsletterSettingsFactory(**{field: True})

    html = frozen().html

    assert ("/newsletter/click/" in html, "/newsletter/load/" in html) == (has_links, has_picture)


def test_issue_to_a_few_is_not_counted(switched_on):
    SubscriberFactory.create_batch(9)

    mail = frozen()

    assert "/newsletter/click/" not in mail.html
    assert not CountedLink.objects.exists()


def test_looking_at_an_issue_shows_the_true_links_and_no_picture(switched_on, readers):
    mail = frozen()

    html = trial.trial(mail.issue).html

    assert "/newsletter/click/" not in html
    assert "/newsletter/load/" not in html
    assert 'href="https://example.org/?a=1&amp;b=2"' in html
    mail.refresh_from_db()
    assert "/newsletter/click/" in mail.html


def test_issue_can_be_looked_at_before_it_is_saved(switched_on):
    assert (
        "example.org/?a=1"
        in compose(Issue(html='<a href="https://example.org/?a=1">x</a>')).mail.html
    )


def test_mail_stays_below_what_gmail_cuts_off(switched_on, readers):
    links = " ".join(f"[x](https://e.org/{number})" for number in range(900))
    issue = IssueFactory(shows="full")
    for position in range(3):
        post = PostFactory(title=f"P{position}", body=links)
        IssuePost.objects.create(issue=issue, post=post, position=position)

    mail = freeze(issue)

    assert len(mail.html.encode()) < 100_000
    assert "/newsletter/click/" in mail.html
    assert mail.html.count("</html>") == 1


@pytest.mark.parametrize(
    "html",
    [
        '<img alt="<a href=" src="https://example.org/a.jpg">',
        '<a name="x">https://example.org/</a>',
        '<a href="//example.org/">x</a>',
        '<a href="https://[/">x</a>',
        '<a href="ftp://example.org/">x</a>',
        '&lt;a href="https://example.org/"&gt;',
        '<a href="https://example.org/" title="x > y"> https://example.org/</a>',
    ],
)
def test_html_that_only_looks_like_a_link_to_count_is_left_alone(html):
    counting = letters.Counting(IssueFactory(), clicks=True, loads=False)

    assert counting.done_to(html) == (html, [])


def test_link_is_found_whatever_stands_beside_its_address():
    counting = letters.Counting(issue := IssueFactory(), clicks=True, loads=False)

    html, found = counting.done_to('<a class title="<a href=" href="https://e.org/" rel="x">y</a>')

    place = f"{CLICK}/{issue.pk}/1/"
    assert html == f'<a class title="<a href=" href="{place}" rel="x">y</a>'
    assert found == ["https://e.org/"]


# --- The way on ---


def test_click_leads_on_and_is_added_up(client, switched_on):
    link = counted_link(address="https://example.org/é?a=1&b=2#c")

    answers = [follow(client, link) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [302, 302, 302]
    assert answers[0]["Location"] == "https://example.org/%C3%A9?a=1&b=2#c"
    assert "no-store" in answers[0]["Cache-Control"]
    assert answers[0]["Referrer-Policy"] == "no-referrer"
    assert answers[0]["X-Robots-Tag"] == "noindex"
    assert not answers[0].cookies
    assert list(CountedDay.objects.values_list("link", "day", "times")) == [
        (link.pk, timezone.localdate(), 3)
    ]


def test_picture_is_a_dot_that_webmail_may_show(client, switched_on):
    picture = counted_link(number=0, address="")

    answer = load(client, picture)

    assert (answer.status_code, answer["Content-Type"]) == (200, "image/gif")
    assert answer.content.startswith(b"GIF89a")
    assert "no-store" in answer["Cache-Control"]
    assert "ETag" not in answer
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert not answer.cookies
    assert times(picture) == 1


@pytest.mark.parametrize("path", ["click/{0}/2/", "click/{0}/0/", "click/99999/1/", "load/{0}.gif"])
def test_unknown_number_is_not_found(client, switched_on, path):
    link = counted_link(number=1)

    answer = client.get("/newsletter/" + path.format(link.issue_id))

    assert answer.status_code == 404
    assert not CountedDay.objects.exists()


def test_picture_is_no_link(client, switched_on):
    picture = counted_link(number=0, address="")

    assert follow(client, picture).status_code == 404


@pytest.mark.parametrize("path", ["click/{0}/{0}/", "load/{0}.gif"])
def test_number_beyond_every_number_is_not_found(client, path):
    assert client.get("/newsletter/" + path.format("9" * 40)).status_code == 404


@pytest.mark.parametrize("name", ["url", "next", "r", "to"])
def test_nothing_in_the_request_leads_elsewhere(client, switched_on, name):
    link = counted_link(address="https://example.org/")
    path = f"/newsletter/click/{link.issue_id}/{link.number}/"

    answer = client.get(path, {name: "https://evil.example/"}, headers={"User-Agent": BROWSER})

    assert answer["Location"] == "https://example.org/"


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_counted_addresses_can_only_be_read(method):
    link = counted_link()
    stranger = Client(enforce_csrf_checks=True)

    assert follow(stranger, link, method).status_code == 405
    assert getattr(stranger, method)(f"/newsletter/load/{link.issue_id}.gif").status_code == 405


# --- What counts ---


@pytest.mark.parametrize("saved", [True, False])
def test_links_of_old_mails_lead_on_and_count_nothing_once_it_is_off(client, saved):
    if saved:
        NewsletterSettingsFactory()
    link = counted_link(address="https://example.org/")
    picture = CountedLinkFactory(issue=link.issue, number=0, address="")

    answers = [follow(client, link), load(client, picture)]

    assert [answer.status_code for answer in answers] == [302, 200]
    assert not CountedDay.objects.exists()


def test_looking_without_fetching_leads_on_and_counts_nothing(client, switched_on):
    link = counted_link(address="https://example.org/")

    answer = follow(client, link, "head")

    assert (answer.status_code, answer["Location"]) == (302, "https://example.org/")
    assert times(link) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
        {"X-Purpose": "preview"},
        {"User-Agent": ""},
        {"User-Agent": "Mozilla/5.0"},
        {
            "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, "
            "like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
        },
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"User-Agent": "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ BingPreview/1.0b"},
        {"User-Agent": "facebookexternalhit/1.1"},
        {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
        {"User-Agent": "Barracuda Sentinel (EE)"},
        {"User-Agent": "python-requests/2.32"},
        {"User-Agent": "curl/8.5.0"},
        {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/140.0 Safari/537.36"},
        {"User-Agent": "weird_bot_1"},
    ],
    ids=lambda headers: "-".join(headers.values())[:30] or "empty",
)
def test_machines_are_led_on_and_not_counted(client, switched_on, headers):
    link = counted_link(address="https://example.org/")
    picture = CountedLinkFactory(issue=link.issue, number=0, address="")

    answers = [follow(client, link, **headers), load(client, picture, **headers)]

    assert [answer.status_code for answer in answers] == [302, 200]
    assert not CountedDay.objects.exists()


@pytest.mark.parametrize(
    "agent",
    [
        BROWSER,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
        "Mozilla/5.0 (Linux; Android 14; CUBOT X90) AppleWebKit/537.36 Chrome/140.0 Mobile",
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
        "Microsoft Office/16.0 (Microsoft Outlook 16.0.17328; Pro)",
    ],
)
def test_readers_and_the_proxies_that_show_them_pictures_are_counted(client, switched_on, agent):
    link = counted_link()
    picture = CountedLinkFactory(issue=link.issue, number=0, address="")

    follow(client, link, **{"User-Agent": agent})
    load(client, picture, **{"User-Agent": agent})

    assert (times(link), times(picture)) == (1, 1)


def test_nobody_reads_in_the_first_half_minute(client, switched_on):
    early, later = counted_link(minutes_ago=0.45), counted_link(minutes_ago=0.55)

    for link in (early, later):
        follow(client, link)

    assert (times(early), times(later)) == (0, 1)


def several_links(number) -> list[CountedLink]:
    first = counted_link()
    rest = [CountedLinkFactory(issue=first.issue) for _ in range(number - 1)]
    return [first, *rest]


def test_network_that_follows_one_link_after_the_other_counts_for_none(client, switched_on):
    links = several_links(6)
    follow(client, links[0], address="12.0.0.9")

    for number, link in enumerate(links):
        follow(client, link, address=f"11.0.0.{number}")

    assert [times(link) for link in links] == [1, 0, 0, 0, 0, 0]


def test_reader_may_open_three_links_at_once_and_one_of_them_often(client, switched_on):
    links = several_links(3)

    for link in (*links, links[0], links[0]):
        follow(client, link)

    assert [times(link) for link in links] == [3, 1, 1]


def test_issues_and_networks_are_looked_at_one_by_one(client, switched_on):
    here, there = several_links(3), several_links(3)

    for link in (*here, *there):
        follow(client, link)
        follow(client, link, address="2a00::1")

    assert [times(link) for link in (*here, *there)] == [2] * 6


@pytest.mark.parametrize("proxy", ["127.0.0.1", "172.17.0.1", "fd00::1", ""])
def test_site_that_sees_only_its_proxy_looks_for_no_bursts(client, switched_on, proxy):
    links = several_links(5)

    for link in links:
        follow(client, link, address=proxy)

    assert [times(link) for link in links] == [1] * 5


def test_burst_is_forgotten_and_holds_no_address(client, switched_on, monkeypatch):
    kept = []
    monkeypatch.setattr(cache, "set", lambda *row: kept.append(row))

    follow(client, counted_link(), address="11.0.0.7")

    [(key, _, seconds)] = kept
    assert "11.0.0" not in key
    assert seconds == 5


# --- Whatever happens, the reader gets on ---


@pytest.mark.parametrize(
    "broken", ["newsletter.counting.cache.get", "newsletter.counting.CountedDay"]
)
def test_click_leads_on_where_it_cannot_be_counted(client, switched_on, monkeypatch, broken):
    def fail(*args):
        raise OperationalError("database is locked")

    monkeypatch.setattr(broken, fail)
    link = counted_link(address="https://example.org/")

    assert follow(client, link)["Location"] == "https://example.org/"


@pytest.mark.django_db(transaction=True)
def test_click_does_not_wait_for_a_long_writer(client, switched_on, monkeypatch):
    monkeypatch.setattr(counted, "WAIT", 20)
    link = counted_link(address="https://example.org/")
    follow(client, link)

    with ThreadPoolExecutor(1) as other, transaction.atomic():
        CountedDay.objects.update(times=5)
        answer = other.submit(follow_and_close, link).result(timeout=15)
    follow(client, link)

    assert answer == "https://example.org/"
    assert times(link) == 6


@pytest.mark.django_db(transaction=True)
def test_of_many_clicks_at_once_none_is_lost(switched_on, monkeypatch):
    monkeypatch.setattr(counted, "WAIT", 60_000)
    link = counted_link()

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(follow_and_close, [link] * 80))

    assert times(link) == 80


def follow_and_close(link) -> str:
    try:
        return follow(Client(), link)["Location"]
    finally:
        connections.close_all()


def test_waiting_for_other_writers_is_as_it_was_afterwards(client, switched_on):
    if connection.vendor != "sqlite":
        pytest.skip("SET LOCAL ends with its transaction by itself.")

    follow(client, counted_link())

    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (20_000,)


def test_click_costs_three_statements(client, switched_on, django_assert_max_num_queries):
    link = counted_link()

    # With those that bound the waiting.
    with django_assert_max_num_queries(7):
        follow(client, link)


# --- What the pages say ---


def test_switches_are_in_the_newsletters_settings(client, manager):
    settings = NewsletterSettingsFactory()

    page = client.get(admin_url(settings)).content.decode()
    save(client, settings, counts_clicks="on", counts_loads="on")

    assert "never by whom" in page
    assert "load it by themselves" in page
    settings.refresh_from_db()
    assert (settings.counts_clicks, settings.counts_loads) == (True, True)


@pytest.mark.parametrize(
    ("fields", "says", "never_says"),
    [
        ({}, ["no hidden pictures and no counted links"], ["We count"]),
        (
            {"counts_clicks": True, "counts_loads": True},
            [
                "the links in our newsletters are followed, and how often a small picture",
                "keyed number",
            ],
            ["no hidden pictures"],
        ),
        (
            {"counts_clicks": True},
            ["We count how often the links in our newsletters are followed", "no hidden pictures"],
            ["no counted links"],
        ),
        (
            {"counts_loads": True},
            ["We count how often a small picture", "lead straight to where they go"],
            ["no hidden pictures", "tell robots from readers"],
        ),
    ],
)
def test_privacy_page_says_what_is_counted(client, fields, says, never_says):
    SiteFactory()
    NewsletterSettingsFactory(**fields)

    page = " ".join(client.get("/privacy/").text.split())

    assert [words for words in says if words not in page] == []
    assert [words for words in never_says if words in page] == []

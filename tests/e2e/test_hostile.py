"""What an attacker writes into any field stays text in a real browser (cases C01, C02, C04, C09).

The watch over each page fails a test for a dialog, a request to elsewhere, and a violation of the
content security policy: nothing may even be tried.
"""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from playwright.sync_api import BrowserContext, Page, expect

from blog import feeds
from blog.models import Post, Site
from blog.text import clean, clean_line
from newsletter.models import ConsentEvidence, Subscriber
from tests.blog.pictures import picture
from tests.blog.xss_corpus import PAYLOADS, forbidden
from tests.e2e.magazine import member
from tests.e2e.people import sign_in
from tests.factories import (
    AuthorFactory,
    CategoryFactory,
    ConsentFactory,
    DeliveryFactory,
    FrozenMailFactory,
    IssueFactory,
    IssuePostFactory,
    PostFactory,
    RunningIssueFactory,
    SiteFactory,
    SubscriberFactory,
    TermsFactory,
)

# Whatever on a page could act by itself or when pressed, except what our own templates write.
ALIVE = """() => {
  const own = "[src^='/static/'], [src='/admin/jsi18n/'], [href^='/static/'], " +
    "iframe[sandbox][src^='/admin/newsletter/issue/'], [type='application/ld+json']";
  const ownForms = /^(|#preview|[/]newsletter[/]subscribe[/]|[/]admin[/][a-z0-9/-]+([/]|[.]csv))$/;
  const kept = "script, style, link[rel=stylesheet], iframe, frame, object, embed, base, math, " +
    "meta[http-equiv], video, audio, svg :is(a, animate, set, image, foreignObject)";
  const found = [...document.querySelectorAll(kept)].filter((element) => !element.matches(own));
  for (const element of document.querySelectorAll("*")) {
    const names = element.getAttributeNames();
    if (names.some((name) => name.startsWith("on") || name === "srcdoc" || name === "ping"))
      found.push(element);
    if (element.href && !/^(https?|mailto|tel):$/.test(element.protocol ?? "https:"))
      found.push(element);
    if (element.matches("form") && !ownForms.test(element.getAttribute("action") ?? ""))
      found.push(element);
  }
  return found.map((element) => element.outerHTML);
}"""


def plain(payload: str, length: int = 80) -> str:
    """The payload as a field of one line stores it."""
    return clean_line(payload)[:length].strip() or "empty"


@pytest.fixture
def posts() -> list[Post]:
    """One post for each payload, with the payload in every field that shows."""
    default_storage.save("a.png", ContentFile(picture()))  # the corpus shows this one
    SiteFactory()
    TermsFactory(version="1")
    return [
        PostFactory(
            title=plain(payload, 200),
            slug=f"hostile-{number}",
            summary=payload,
            body=payload,
            cover_alt=plain(payload),
            meta_description=plain(payload),
            author=AuthorFactory(
                display_name=plain(payload, 120), slug=f"writer-{number}", bio=payload
            ),
            categories=[CategoryFactory(name=f"{plain(payload)[:75]} {number}")],
        )
        for number, payload in enumerate(PAYLOADS.values())
    ]


# The text without what our own script adds to code and notes.
AS_WRITTEN = """text => {
    const copy = text.cloneNode(true);
    copy.querySelectorAll("button.copy, span.unseen[role=status]").forEach(added => added.remove());
    copy.querySelectorAll("a[aria-expanded]").forEach(a => a.removeAttribute("aria-expanded"));
    return copy.innerHTML;
}"""


def test_hostile_text_stays_text_for_readers(page: Page, posts: list[Post]):
    alive = {}
    for post in posts:
        Site.objects.update(name=post.title[:80], tagline=post.title[:160])
        page.goto(post.get_absolute_url())
        text = page.locator(".text").evaluate(AS_WRITTEN)
        alive[post.title] = page.evaluate(ALIVE) + forbidden(text)
        assert page.locator("h1").text_content() == post.title

    last_page = (len(posts) - 2) // 10 + 1
    lists = [f"/?page={number + 1}" for number in range(last_page)]
    some = [f"/authors/writer-{number}/" for number in range(0, len(posts), 20)]
    for path in (*lists, *some, "/categories/", "/archive/", "/terms/"):
        page.goto(path)
        alive[path] = page.evaluate(ALIVE)

    assert {where: what for where, what in alive.items() if what} == {}


def test_hostile_text_stays_text_in_feeds(
    page: Page, context: BrowserContext, posts: list[Post], settings: Any, monkeypatch: Any
):
    monkeypatch.setattr(feeds, "NEWEST", len(posts))
    Site.objects.update(name=posts[0].title[:80])

    items = context.request.get("/feed.json").json()["items"]
    for path in ("/feed/", "/feed/rss/"):
        page.goto(path)  # a browser, too, takes a feed for a document

    contents = [item["content_html"].replace(settings.SITE_URL, "") for item in items]
    assert [what for html in contents for what in forbidden(html)] == []
    assert [item["title"] for item in items] == [post.title for post in reversed(posts)]


def test_hostile_text_stays_text_in_the_newsroom(newsroom: Page, posts: list[Post]):
    subscriber = SubscriberFactory(email="mara@example.com")
    for payload in PAYLOADS.values():
        ConsentEvidence.objects.create(
            consent=ConsentFactory(subscriber=subscriber, wording=clean(payload)),
            user_agent=plain(payload, 300),
            source=plain(payload, 300),
        )
    draft = IssueFactory(subject=plain(posts[0].title), intro=posts[0].body, body=posts[1].body)
    for post in posts[:20]:
        IssuePostFactory(issue=draft, post=post)
    issue = RunningIssueFactory(
        subject=plain(posts[1].title), status="paused", paused_because=plain(posts[2].body)
    )
    FrozenMailFactory(issue=issue)
    DeliveryFactory(
        issue=issue, subscriber=subscriber, status="unknown", reply=plain(posts[3].body)
    )
    sign_in(newsroom, *member("Editor", "Newsletter manager", display_name=posts[0].title))

    alive = {}
    for path in (
        "/admin/",
        *(f"/admin/blog/post/?p={number}" for number in (1, 2, 3)),
        *(f"/admin/blog/category/?p={number}" for number in (1, 2, 3)),
        *(f"/admin/blog/author/?p={number}" for number in (1, 2, 3)),
        *(f"/admin/blog/post/{post.pk}/change/" for post in posts[::20]),
        *(f"/admin/blog/post/{post.pk}/delete/" for post in posts[::20]),
        "/admin/newsletter/issue/",
        f"/admin/newsletter/issue/{draft.pk}/change/",
        f"/admin/newsletter/issue/{draft.pk}/send/",
        f"/admin/newsletter/issue/{issue.pk}/progress/",
        "/admin/newsletter/subscriber/",
        f"/admin/newsletter/subscriber/{subscriber.pk}/change/",
    ):
        assert newsroom.goto(path).status == 200, path
        alive[path] = newsroom.evaluate(ALIVE)

    assert {where: what for where, what in alive.items() if what} == {}


def test_hostile_title_stays_text_in_what_the_newsroom_reports(newsroom: Page):
    title = "<img src=x onerror=alert(1)>"
    post = PostFactory(title=title)
    sign_in(newsroom, *member("Editor"))

    newsroom.goto(f"/admin/blog/post/{post.pk}/change/")
    newsroom.get_by_label("Title:", exact=True).fill(f"{title} again")
    newsroom.get_by_role("button", name="Save", exact=True).click()
    expect(newsroom.get_by_text(f"{title} again” was changed")).to_be_visible()
    newsroom.goto(f"/admin/blog/post/{post.pk}/history/")

    expect(newsroom.get_by_role("heading", level=1)).to_contain_text(title)
    assert newsroom.evaluate(ALIVE) == []


def test_viewing_a_post_does_nothing(newsroom: Page):
    subscriber = SubscriberFactory()
    PostFactory(
        slug="trap",
        body=f"![](/admin/logout/) ![](/newsletter/unsubscribe/{subscriber.token}/) "
        "[press](/admin/logout/)",
    )
    sign_in(newsroom, *member("Editor"))

    newsroom.goto("/posts/trap/")
    expect(newsroom.locator(".text")).to_contain_text("press")
    newsroom.goto("/admin/")

    expect(newsroom.get_by_role("button", name="Log out")).to_be_visible()
    assert Subscriber.objects.get().status == "active"

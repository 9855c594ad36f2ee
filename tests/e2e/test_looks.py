"""Every kind of page, in every look that a reader may give it."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from tests.e2e.barriers import barriers
from tests.e2e.magazine import dress, furnish
from tests.e2e.people import fill_sign_up, skip_browser_checks
from tests.factories import NewsletterSettingsFactory, SiteFactory, TermsFactory


@dataclass(frozen=True)
class Kind:
    """A kind of page: where it is, and what a reader does there until it shows."""

    path: str
    then: Callable[[Page], None] = lambda page: None
    site: Callable[[], dict[str, str]] = furnish


def press_button(page: Page) -> None:
    """Send the page's form, and wait for the answer: a click alone may return before it."""
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button").first.click()


def open_all(page: Page) -> None:
    """Whatever of a post opens."""
    for summary in page.locator("summary:visible").all():
        summary.click()
    page.locator("[role=doc-noteref]").click()


def send_it_unfilled(page: Page) -> None:
    skip_browser_checks(page)
    press_button(page)


def send_with_old_terms(page: Page) -> None:
    fill_sign_up(page, "mara@example.com")
    TermsFactory(version="3")
    press_button(page)


def choose_no_topic(page: Page) -> None:
    page.get_by_label("Only what is about").check()
    press_button(page)


def offering_topics() -> dict[str, str]:
    NewsletterSettingsFactory(offers_topics=True)
    return furnish()


def choose_some_topics(page: Page) -> None:
    page.get_by_label("Only what is about").check()
    send_it_unfilled(page)


def with_own_looks() -> dict[str, str]:
    dress(SiteFactory(name="The Example", tagline="Notes on slow things"))
    return {}


def unfurnished() -> dict[str, str]:
    return {}


# A new page is one line here.
PAGES = {
    "home": Kind("/"),
    "home, page 2": Kind("/?page=2"),
    "empty home": Kind("/", site=unfurnished),
    "post": Kind("/posts/on-reading/"),
    "bare post": Kind("/posts/bare/"),
    "long title": Kind("/posts/long/"),
    "compound": Kind("/posts/compound/"),
    "arabic": Kind("/posts/arabic/"),
    "hebrew": Kind("/posts/hebrew/"),
    "opened post": Kind("/posts/on-reading/", open_all),
    "series": Kind("/series/slow-reading/"),
    "categories": Kind("/categories/"),
    "no categories": Kind("/categories/", site=unfurnished),
    "category": Kind("/categories/slow-work/"),
    "empty category": Kind("/categories/nothing-yet/"),
    "author": Kind("/authors/ada-penn/"),
    "author without photo": Kind("/authors/bo-plain/"),
    "archive": Kind("/archive/"),
    "empty archive": Kind("/archive/", site=unfurnished),
    "archive of a year": Kind("/archive/2026/"),
    "archive of a month": Kind("/archive/2026/5/"),
    "own page": Kind("/about/", site=with_own_looks),
    "own looks": Kind("/", site=with_own_looks),
    "search": Kind("/search/"),
    "found": Kind("/search/?q=reading"),
    "nothing found": Kind("/search/?q=zebra"),
    "not found": Kind("/nowhere/"),
    "newsletter": Kind("/newsletter/"),
    "issue": Kind("/newsletter/issues/spring/"),
    "issue of summaries": Kind("/newsletter/issues/summer/"),
    "newsletter with topics": Kind("/newsletter/", site=offering_topics),
    "topics unfilled": Kind("/newsletter/", choose_some_topics, site=offering_topics),
    "sign-up unfilled": Kind("/newsletter/", send_it_unfilled),
    "sign-up under old terms": Kind("/newsletter/", send_with_old_terms),
    "check your inbox": Kind("/newsletter/check-your-inbox/"),
    "confirm": Kind("/newsletter/confirm/{confirm}/"),
    "confirmed": Kind("/newsletter/confirm/{confirm}/", press_button),
    "preferences": Kind("/newsletter/preferences/{token}/"),
    "preferences saved": Kind("/newsletter/preferences/{token}/", press_button),
    "preferences unfilled": Kind("/newsletter/preferences/{token}/", choose_no_topic),
    "ask for my data": Kind("/newsletter/preferences/{token}/?my-data"),
    "my data": Kind("/newsletter/data/{data}/"),
    "my data, erase unfilled": Kind("/newsletter/data/{data}/", send_it_unfilled),
    "unsubscribe": Kind("/newsletter/unsubscribe/{token}/"),
    "unsubscribed": Kind("/newsletter/unsubscribe/{token}/", press_button),
    "terms": Kind("/terms/"),
    "old terms": Kind("/terms/1/"),
    "no terms": Kind("/terms/", site=unfurnished),
    "privacy": Kind("/privacy/"),
}
EACH_KIND = pytest.mark.parametrize("kind", PAGES.values(), ids=PAGES)


@EACH_KIND
def test_page_has_no_barrier(page: Page, kind: Kind):
    open_page(page, kind)

    assert barriers(page) == {}


@EACH_KIND
def test_page_fits(page: Page, kind: Kind):
    open_page(page, kind)

    too_wide = [
        (width, size)
        for size in ("100%", "200%")
        for width in (320, 390, 1280)
        if _overflow(page, width, size)
    ]

    assert too_wide == []


def open_page(page: Page, kind: Kind) -> None:
    page.goto(kind.path.format(**kind.site()))
    kind.then(page)


def _overflow(page: Page, width: int, size: str) -> int:
    """By how many pixels the page must be scrolled sideways."""
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate(f"document.documentElement.style.fontSize = {json.dumps(size)}")
    return page.evaluate("Math.max(0, document.documentElement.scrollWidth - window.innerWidth)")

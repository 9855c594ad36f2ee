"""Every kind of page, in every look that a reader may give it."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.magazine import furnish

# A new page is one line here.
PAGES = {
    "home": "/",
    "home, page 2": "/?page=2",
    "post": "/posts/on-reading/",
    "bare post": "/posts/bare/",
    "long title": "/posts/long/",
    "compound": "/posts/compound/",
    "arabic": "/posts/arabic/",
    "hebrew": "/posts/hebrew/",
    "categories": "/categories/",
    "category": "/categories/slow-work/",
    "empty category": "/categories/nothing-yet/",
    "author": "/authors/ada-penn/",
    "author without photo": "/authors/bo-plain/",
    "archive": "/archive/",
    "archive of a year": "/archive/2026/",
    "archive of a month": "/archive/2026/5/",
    "not found": "/nowhere/",
    "newsletter": "/newsletter/",
    "terms": "/terms/",
    "old terms": "/terms/1/",
    "privacy": "/privacy/",
}

# The page is the same in the dark but for its colours.
RULES = {
    "light": {"resultTypes": ["violations"]},
    "dark": {"runOnly": ["color-contrast", "link-in-text-block"]},
}


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_page_has_no_barrier(page: Page, path: str):
    furnish()
    page.goto(path)

    barriers = {}
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme, rules in RULES.items():
            page.emulate_media(color_scheme=scheme)
            if (found := Axe().run(page, options=rules)).violations_count:
                barriers[width, scheme] = found.generate_report()

    assert barriers == {}


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_page_fits(page: Page, path: str):
    furnish()
    page.goto(path)

    too_wide = [
        (width, size)
        for size in ("100%", "200%")
        for width in (320, 390, 1280)
        if _overflow(page, width, size)
    ]

    assert too_wide == []


def _overflow(page: Page, width: int, size: str) -> int:
    """By how many pixels the page must be scrolled sideways."""
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate(f"document.documentElement.style.fontSize = {json.dumps(size)}")
    return page.evaluate("Math.max(0, document.documentElement.scrollWidth - window.innerWidth)")

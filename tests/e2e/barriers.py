"""What stands in the way of a reader or a writer, as far as a machine can tell."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# The page is the same in the dark but for its colours.
RULES = {
    "light": {"resultTypes": ["violations"]},
    "dark": {"runOnly": ["color-contrast", "link-in-text-block"]},
}


def barriers(page: Page) -> dict[tuple[int, str], str]:
    """What axe-core finds, by width and colour scheme; empty where there is none."""
    found = {}
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme, rules in RULES.items():
            page.emulate_media(color_scheme=scheme)
            if (result := Axe().run(page, options=rules)).violations_count:
                found[width, scheme] = result.generate_report()
    return found

"""The README's pictures, taken of the demo in a temporary site: make screenshots

With `--all FOLDER` every kind of page goes into that folder instead, narrow and wide, light and
dark, for whoever changes how the site looks.
"""

import argparse
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from io import BytesIO
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.e2e.chromium import launch_options
from tests.e2e.people import fill_sign_up, press, sign_in, skip_browser_checks
from tests.system import ROOT, development, free_port, manage, running, until

README_PICTURES = ROOT / "docs" / "screenshots"
DESK = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 800}
SCHEMES = ("light", "dark")
MOST_BYTES = 300_000
# In the box that `prepare` draws, whatever else it prints.
ADMINISTRATOR = re.compile(r"^\| +name +(\S+).+?^\| +password +(\S+)", re.DOTALL | re.MULTILINE)

PAGES = {
    "home": "/",
    "home-page-2": "/?page=2",
    "post-table": "/posts/tables-of-the-tide/",
    "post-code": "/posts/four-lines-of-code-i-keep-coming-back-to/",
    "post-essay": "/posts/the-lamp-lighters-of-small-harbours/",
    "categories": "/categories/",
    "category": "/categories/slow-food/",
    "author": "/authors/mara-lindqvist/",
    "archive": "/archive/",
    "newsletter": "/newsletter/",
    "terms": "/terms/",
    "privacy": "/privacy/",
    "not-found": "/nowhere/",
}
ROOMS = {
    "newsroom": "/admin/",
    "newsroom-posts": "/admin/blog/post/",
    "newsroom-new-post": "/admin/blog/post/add/",
    "newsroom-post": "/admin/blog/post/1/change/",
    "newsroom-categories": "/admin/blog/category/",
    "newsroom-subscribers": "/admin/newsletter/subscriber/",
    "newsroom-subscriber": "/admin/newsletter/subscriber/1/change/",
    "newsroom-terms": "/admin/newsletter/terms/add/",
    "newsroom-site": "/admin/blog/site/1/change/",
    "mailbox": "/mailbox/",
}


class Site:
    """The demo, served for as long as the pictures take."""

    def __init__(self, folder: Path, address: str, account: tuple[str, str]) -> None:
        self.folder, self.address, self.account = folder, address, account

    def open(self, browser: Browser, **look: object) -> BrowserContext:
        return browser.new_context(
            **{"base_url": self.address, "reduced_motion": "reduce", "viewport": DESK} | look
        )

    def link_in_mail(self, page: str) -> str:
        """The link to a page of the newsletter in the newest mail, once the worker has sent it."""
        mail = until(lambda: sorted((self.folder / "mail").glob("*.eml")))[-1]
        message = message_from_bytes(mail.read_bytes(), policy=policy.default)
        text = message.get_body(("plain",)).get_content()
        return re.search(rf"/newsletter/{page}/\S+", text)[0]


@contextmanager
def served_demo() -> Iterator[Site]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="pennypost-") as name:
        settings = development(Path(name)) | {"ENV_FILE": os.devnull, "PORT": str(port)}
        code, printed = manage("prepare", **settings)
        if code:
            raise SystemExit(printed)
        account = ADMINISTRATOR.search(printed).groups()
        with running("manage.py", "serve", "--port", str(port), **settings):
            address = f"http://localhost:{port}"
            until(lambda: is_ready(address), seconds=60)
            yield Site(Path(name), address, account)


def is_ready(address: str) -> bool:
    try:
        return urlopen(f"{address}/readyz/").status == 200  # noqa: S310 - our own server
    except URLError:
        return False


def save(page: Page, file: Path, *, full_page: bool = False) -> None:
    """Write what shows as a PNG of at most 256 colours, which is a third of the size."""
    page.evaluate(SHOW_PICTURES)
    shown = Image.open(BytesIO(page.screenshot(full_page=full_page))).convert("RGB")
    shown.quantize(256, kmeans=1, dither=Image.Dither.NONE).save(file, optimize=True)


# Those further down would only be loaded when somebody scrolls to them.
SHOW_PICTURES = """() => Promise.all([...document.images].map((image) => {
  image.loading = "eager";
  return image.decode().catch(() => {});
}))"""


def take_readme_pictures(site: Site, browser: Browser) -> None:
    README_PICTURES.mkdir(exist_ok=True)
    for scheme in SCHEMES:
        page = site.open(browser, color_scheme=scheme).new_page()
        page.goto("/")
        save(page, README_PICTURES / f"home-{scheme}.png")
    phone = site.open(browser, viewport=PHONE, device_scale_factor=2).new_page()
    phone.goto(PAGES["post-essay"])
    save(phone, README_PICTURES / "post-phone.png")
    phone.locator("#sign-up").scroll_into_view_if_needed()
    save(phone, README_PICTURES / "sign-up-phone.png")
    newsroom = site.open(browser).new_page()
    sign_in(newsroom, *site.account)
    save(newsroom, README_PICTURES / "newsroom.png")
    for file in sorted(README_PICTURES.glob("*.png")):
        print(f"{file.stat().st_size / 1000:6.0f} kB  {file.relative_to(ROOT)}")
        if file.stat().st_size > MOST_BYTES:
            raise SystemExit(f"{file.name} is too heavy for a README.")


class Album:
    """A folder of pictures: each page in every look."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, page: Page, name: str) -> None:
        for width in (DESK["width"], PHONE["width"]):
            page.set_viewport_size({"width": width, "height": DESK["height"]})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                save(page, self.folder / f"{name}-{width}-{scheme}.png", full_page=True)
        page.set_viewport_size(DESK)

    def add_all(self, page: Page, paths: dict[str, str]) -> None:
        for name, path in paths.items():
            page.goto(path)
            self.add(page, name)


def take_all_pictures(site: Site, browser: Browser, album: Album) -> None:
    page = site.open(browser).new_page()
    album.add_all(page, PAGES)
    page.goto("/newsletter/")
    skip_browser_checks(page)
    press(page, "Sign up")
    album.add(page, "sign-up-error")
    go_through_newsletter(site, page, album)
    newsroom = site.open(browser).new_page()
    newsroom.goto("/admin/")
    album.add(newsroom, "newsroom-sign-in")
    sign_in(newsroom, *site.account)
    album.add_all(newsroom, ROOMS)
    newsroom.get_by_role("main").get_by_role("link").first.click()
    album.add(newsroom, "mail")


def go_through_newsletter(site: Site, page: Page, album: Album) -> None:
    fill_sign_up(page, "mara@example.com")
    press(page, "Sign up")
    album.add(page, "check-your-inbox")
    page.goto(site.link_in_mail("confirm"))
    album.add(page, "confirm")
    press(page, "Confirm my subscription")
    album.add(page, "confirmed")
    page.get_by_role("link", name="choose what you receive").click()
    album.add(page, "preferences")
    page.get_by_role("link", name="Unsubscribe").click()
    album.add(page, "unsubscribe")
    press(page, "Unsubscribe")
    album.add(page, "unsubscribed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--all", type=Path, metavar="FOLDER", help="every kind of page, into FOLDER"
    )
    options = parser.parse_args()
    with served_demo() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        if options.all:
            take_all_pictures(site, browser, Album(options.all))
        else:
            take_readme_pictures(site, browser)
        browser.close()


if __name__ == "__main__":
    main()

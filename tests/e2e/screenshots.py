"""The README's pictures, taken of the demo in a temporary site: make screenshots

With `--all FOLDER` every kind of page goes into that folder instead, narrow and wide, light and
dark, for whoever changes how the site looks.
"""

import argparse
import os
import re
import sqlite3
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
    "series": "/series/the-edges-of-the-map/",
    "archive": "/archive/",
    "about": "/about/",
    "colophon": "/colophon/",
    "search": "/search/",
    "search-found": "/search/?q=bread+water",
    "search-narrowed": "/search/?q=the&author=mara-lindqvist",
    "search-slip": "/search/?q=sourdouhg",
    "newsletter": "/newsletter/",
    "terms": "/terms/",
    "privacy": "/privacy/",
}
ROOMS = {
    "newsroom": "/admin/",
    "newsroom-posts": "/admin/blog/post/",
    "newsroom-new-post": "/admin/blog/post/add/",
    "newsroom-post": "/admin/blog/post/1/change/",
    "newsroom-pages": "/admin/blog/page/",
    "newsroom-page": "/admin/blog/page/1/change/",
    "newsroom-categories": "/admin/blog/category/",
    "newsroom-subscribers": "/admin/newsletter/subscriber/",
    "newsroom-subscriber": "/admin/newsletter/subscriber/1/change/",
    "newsroom-terms": "/admin/newsletter/terms/add/",
    "newsroom-site": "/admin/blog/site/1/change/",
    "newsroom-new-digest": "/admin/newsletter/digest/add/",
    "newsroom-newsletter": "/admin/newsletter/newslettersettings/1/change/",
    "newsroom-authors": "/admin/blog/author/",
    "newsroom-new-author": "/admin/blog/author/add/",
    "newsroom-history": "/admin/blog/post/1/history/",
    "newsroom-delete": "/admin/blog/post/1/delete/",
    "newsroom-merge": "/admin/blog/category/merge/?from=1&from=2",
    "newsroom-mail": "/admin/newsletter/notice/",
    "newsroom-password": "/admin/password_change/",
    "mailbox": "/mailbox/",
}
ENTRANCE = {
    "newsroom-sign-in": "/admin/login/",
    "password-link": "/admin/password/",
    "password-link-sent": "/admin/password/sent/",
}
# Of a site that nobody has written for yet. With DEBUG off its errors are those of a real one.
EMPTY = {
    "empty-home": "/",
    "empty-categories": "/categories/",
    "empty-archive": "/archive/",
    "empty-newsletter": "/newsletter/",
    "empty-terms": "/terms/",
    "not-found": "/nowhere/",
}
EMPTY_ROOMS = {
    "empty-newsroom": "/admin/",
    "empty-newsroom-posts": "/admin/blog/post/",
    "empty-newsroom-subscribers": "/admin/newsletter/subscriber/",
    "empty-newsroom-terms": "/admin/newsletter/terms/",
}

# One row of each kind; the worker makes them mails. An active reader who signs up once more is
# told so, and the mail that asks to confirm comes of a sign-up in the browser.
WANT_EVERY_MAIL = """
from blog.models import AccountMail, Author
from newsletter.models import AddressChange, Notice, Subscriber

author = Author.objects.get(username="admin")
author.email = "editor@example.com"
author.save()
for kind in AccountMail.Kind:
    AccountMail.objects.create(kind=kind, author=author)
reader = Subscriber.objects.filter(status="active").first()
new = {"new_email": "here@example.org", "new_key": "here@example.org"}
move = AddressChange.objects.create(subscriber=reader, old_email=reader.email, **new)
kinds = ["sign_up", "welcome", "data_link", "new_address", "address_changed"]
for kind in kinds:
    change = move if "address" in kind else None
    Notice.objects.create(kind=kind, subscriber=reader, address_change=change)
print(len(AccountMail.Kind) + len(kinds))
"""


class Site:
    """A site, served for as long as the pictures take."""

    def __init__(self, settings: dict[str, str], address: str, account: tuple[str, str]) -> None:
        self.settings, self.address, self.account = settings, address, account
        self.folder = Path(settings["VAR_DIR"])

    def open(self, browser: Browser, **look: object) -> BrowserContext:
        return browser.new_context(
            **{"base_url": self.address, "reduced_motion": "reduce", "viewport": DESK} | look
        )

    def link_in_mail(self, page: str) -> str:
        """The link to a page of the newsletter in the newest mail, once the worker has sent it."""
        mail = until(self.mails)[-1]
        message = message_from_bytes(mail.read_bytes(), policy=policy.default)
        text = message.get_body(("plain",)).get_content()
        return re.search(rf"/newsletter/{page}/\S+", text)[0]

    def mails(self) -> list[Path]:
        return sorted((self.folder / "mail").glob("*.eml"))

    def send_every_mail(self) -> None:
        before = len(self.mails())
        code, printed = manage("shell", "--verbosity", "0", "-c", WANT_EVERY_MAIL, **self.settings)
        if code:
            raise SystemExit(printed)
        until(lambda: len(self.mails()) >= before + int(printed))

    def lose(self, table: str) -> None:
        database = sqlite3.connect(self.folder / "pennypost.sqlite3")
        database.execute(f"ALTER TABLE {table} RENAME TO lost_{table}")
        database.close()


@contextmanager
def served(*, demo: bool = True) -> Iterator[Site]:
    port = free_port()
    address = f"http://localhost:{port}"
    with tempfile.TemporaryDirectory(prefix="pennypost-") as name:
        settings = development(Path(name)) | {"ENV_FILE": os.devnull, "PORT": str(port)}
        if not demo:
            host = {"ALLOWED_HOSTS": "localhost", "SITE_URL": address}
            settings |= {"DEBUG": "False", "SECRET_KEY": "for-pictures" * 5} | host
        code, printed = manage("prepare", **settings)
        if code:
            raise SystemExit(printed)
        account = ADMINISTRATOR.search(printed).groups()
        with running("manage.py", "serve", "--port", str(port), **settings):
            until(lambda: is_ready(address), seconds=60)
            yield Site(settings, address, account)


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
    album.add_all(page, ENTRANCE)
    site.send_every_mail()
    newsroom = site.open(browser).new_page()
    sign_in(newsroom, *site.account)
    album.add_all(newsroom, ROOMS)
    read_mails(newsroom, album)
    go_wrong_while_writing(newsroom, album)
    send_an_issue(newsroom, album)
    import_a_list(newsroom, album)


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


def read_mails(page: Page, album: Album) -> None:
    page.goto("/mailbox/")
    links = {
        mail.inner_text(): mail.get_attribute("href") for mail in page.locator(".mails a").all()
    }
    for subject, link in links.items():
        name = "mail-" + re.sub(r"\W+", "-", subject.lower())
        album.add_all(page, {name: link, f"{name}-html": f"{link}html/"})


def go_wrong_while_writing(mine: Page, album: Album) -> None:
    mine.goto("/admin/blog/post/add/")
    skip_browser_checks(mine)
    press(mine, "Save and stay here")
    album.add(mine, "newsroom-post-error")
    mine.goto("/admin/blog/post/1/change/")
    theirs = mine.context.new_page()
    theirs.goto(mine.url)
    for page, summary in ((theirs, "What the other one wrote."), (mine, "What I wrote.")):
        page.get_by_label("Summary").fill(summary)
        press(page, "Save and stay here")
    album.add(theirs, "newsroom-saved")
    album.add(mine, "newsroom-conflict")


def send_an_issue(page: Page, album: Album) -> None:
    page.goto("/admin/blog/post/")
    page.get_by_role("link", name="On keeping a commonplace book").click()
    press(page, "Send as issue …")
    album.add(page, "newsroom-issue-send")
    page.get_by_role("link", name="Write on").click()
    album.add(page, "newsroom-issue")
    page.go_back()
    press(page, "Send now")
    page.locator(".label-sent").wait_for()
    album.add(page, "newsroom-issue-progress")
    page.get_by_role("link", name="Send it to those who joined since").click()
    album.add(page, "newsroom-issue-act")
    album.add_all(page, {"newsroom-issues": "/admin/newsletter/issue/"})


def import_a_list(page: Page, album: Album) -> None:
    page.goto("/admin/newsletter/subscriber/")
    page.get_by_role("link", name="Import a list …").click()
    album.add(page, "newsroom-import")
    people = b"email,name\nanna@example.com,Anna\nben@example.com,Ben\nno address,Carl\n"
    page.get_by_label("CSV file").set_input_files(
        {"name": "readers of our old list.csv", "mimeType": "text/csv", "buffer": people}
    )
    press(page, "See what would happen")
    album.add(page, "newsroom-import-decide")
    press(page, "Import")
    album.add_all(page, {"newsroom-imports": "/admin/newsletter/subscriber/imports/"})
    page.get_by_role("link", name="Undo …").click()
    album.add(page, "newsroom-import-undo")


def take_pictures_of_empty_site(site: Site, browser: Browser, album: Album) -> None:
    page = site.open(browser).new_page()
    album.add_all(page, EMPTY)
    newsroom = site.open(browser).new_page()
    sign_in(newsroom, *site.account)
    album.add_all(newsroom, EMPTY_ROOMS)
    site.lose("blog_post")
    album.add_all(page, {"server-error": "/"})
    site.lose("blog_site")
    album.add_all(page, {"server-error-without-database": "/"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--all", type=Path, metavar="FOLDER", help="every kind of page, into FOLDER"
    )
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        with served() as site:
            if options.all:
                take_all_pictures(site, browser, Album(options.all))
            else:
                take_readme_pictures(site, browser)
        if options.all:
            with served(demo=False) as site:
                take_pictures_of_empty_site(site, browser, Album(options.all))
        browser.close()


if __name__ == "__main__":
    main()

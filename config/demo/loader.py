"""The demo: a small magazine with its writers and readers. remover.py takes it away again."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import frontmatter
import yaml
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from blog.images import Picture, reencode
from blog.importers import ImportedPost, markdown
from blog.importers.writer import Writer
from blog.models import Author, Category, Link, Page, Post, Series, Site
from config.demo.covers import COVERS
from config.demo.drawing import as_file
from config.demo.portraits import PORTRAITS
from config.demo.readers import TERMS_AGES, readers, store
from config.models import DemoRow
from newsletter.models import Subscriber, Terms

FOLDER = Path(__file__).parent
SITE_FIELDS = ("name", "tagline", "postal_address", "sender_name")


def is_loaded() -> bool:
    return DemoRow.objects.exists()


def load() -> None:
    """Add the demo beside whatever the site has. Everything or, on any fault, nothing."""
    facts = site_facts()
    # Drawing takes longer than all the rest: done before the database is locked.
    posts = [dated(post) for post in read_posts()]
    photos = {slug: drawn(draw()) for slug, draw in PORTRAITS.items()}
    with transaction.atomic():
        add_pages()
        add_site(facts)
        categories = [add_category(each) for each in facts["categories"]]
        for each in facts["authors"]:
            add_author(each, photos[each["slug"]])
        for post in posts:
            add_post(post)
        add_readers(add_terms(), categories)


def read_posts() -> Iterator[ImportedPost]:
    folder = FOLDER / "posts"
    for file in markdown.files(folder):
        post = markdown.read(file, folder)
        post.cover = drawn(COVERS[post.slug]())
        yield post


def drawn(image: Any) -> Picture:
    return reencode(as_file(image))


def dated(post: ImportedPost) -> ImportedPost:
    """With the date that its age in days means today; a draft has none."""
    if "days_ago" in post.unknown:
        morning = timezone.localtime().replace(hour=8, minute=15, second=0, microsecond=0)
        post.date = morning - timedelta(days=post.unknown["days_ago"])
    return post


def site_facts() -> dict[str, Any]:
    return yaml.safe_load((FOLDER / "site.yaml").read_text())


def add_site(facts: dict[str, Any]) -> None:
    defaults = {name: facts[name] for name in SITE_FIELDS}
    site, added = Site.objects.get_or_create(pk=1, defaults=defaults)
    if added:
        DemoRow.objects.remember([site])
        for place in ("navigation", "foot"):
            for order, each in enumerate(facts[place], start=1):
                add_link(site, place, 10 * order, each)


def add_link(site: Site, place: str, order: int, facts: dict[str, Any]) -> None:
    """It goes with the site, or with the page that it leads to."""
    page = Page.objects.get(slug=facts["page"]) if "page" in facts else None
    words = {name: facts.get(name, "") for name in ("label", "address")}
    Link.objects.create(site=site, place=place, order=order, page=page, **words)


def add_pages() -> None:
    for file in sorted((FOLDER / "pages").glob("*.md")):
        if Page.objects.filter(slug=file.stem).exists():
            continue
        facts, body = frontmatter.parse(file.read_text())
        page = Page.objects.create(
            slug=file.stem,
            title=str(facts["title"]),
            meta_description=str(facts["description"]),
            body=body,
            status=Page.Status.PUBLISHED,
        )
        DemoRow.objects.remember([page])


def add_category(facts: dict[str, Any]) -> Category:
    category, added = Category.objects.get_or_create(name=facts["name"], defaults=facts)
    if added:
        DemoRow.objects.remember([category])
    return category


def add_author(facts: dict[str, Any], photo: File) -> None:
    if Author.objects.filter(slug=facts["slug"]).exists():
        return
    author = Author(username=facts["slug"], **facts)
    author.set_unusable_password()
    author.photo.save("", photo, save=False)
    author.save()
    DemoRow.objects.remember([author])


def add_post(imported: ImportedPost) -> None:
    if Post.objects.filter(slug=imported.slug).exists():
        return
    known = Series.objects.filter(name=imported.series).exists()
    _, post = Writer().write(imported)
    if post.series and not known:
        DemoRow.objects.remember([post.series])
    if imported.unknown.get("featured"):
        post.featured = True
        post.save(update_fields=["featured"])
    DemoRow.objects.remember([post])


def add_terms() -> list[Terms]:
    """The two versions, the older first; those of the site itself where it has some."""
    if own := list(Terms.objects.published().own().reverse()):
        return own
    added = []
    for version, days in TERMS_AGES.items():
        text = (FOLDER / f"terms-{version}.md").read_text()
        published_at = timezone.now() - timedelta(days=days)
        added.append(Terms.objects.create(version=version, text=text, published_at=published_at))
    DemoRow.objects.remember(added)
    return added


def add_readers(versions: list[Terms], categories: list[Category]) -> None:
    made = readers(versions, categories)
    known = set(Subscriber.objects.values_list("key", flat=True).exclude(key=None))
    DemoRow.objects.remember(store([each for each in made if each.row.key not in known]))

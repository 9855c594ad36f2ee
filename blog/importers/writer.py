"""Storing imported posts: the one writer for every kind of source."""

from dataclasses import dataclass, field
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from blog import languages, markdown
from blog.images import Picture, reencode
from blog.importers import ImportedPost, ImportFault
from blog.models import Author, Category, Imported, Post, Series
from blog.models.imported import fingerprint
from blog.search.signals import taking_in_once
from blog.translations import check_translation

# Which field of the post holds what the source calls otherwise.
CALLED = {"published_at": "date", "updated_at": "updated"}
# What every source has, and what stays as it is where a source says nothing about it.
ALWAYS = ("title", "slug", "summary", "body", "status", "cover_alt", "canonical_url")
IF_SAID = ("featured", "series_position", "meta_title", "meta_description")


class Outcome(StrEnum):
    ADDED = "added"
    UPDATED = "updated"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    KEPT = "kept"  # the post was edited here as well, and nobody said to overwrite that


@dataclass
class Writer:
    """Stores one imported post after the other, each wholly or not at all."""

    author: Author | None = None  # of posts whose source names none
    overwrite: bool = False
    dry_run: bool = False
    # By slug, the posts that a dry run has added in words alone.
    would_be_there: set[str] = field(default_factory=set)

    def write(self, imported: ImportedPost) -> tuple[Outcome, Post]:
        """Raises ImportFault where the post cannot be stored; then nothing of it is."""
        # Outside of the transaction: pictures take their time, and others want to write.
        cover = self.new_cover(imported)
        try:
            with transaction.atomic():
                post, record = find(imported.slug)
                outcome = self.decide(imported, post, record)
                if outcome in {Outcome.ADDED, Outcome.UPDATED, Outcome.REPLACED}:
                    with taking_in_once():
                        self.store(imported, post, cover)
                transaction.set_rollback(self.dry_run)
            if self.dry_run and outcome == Outcome.ADDED:
                self.would_be_there.add(imported.slug)
        except ValidationError as error:
            raise explained(imported, error) from error
        except markdown.TooComplex as error:
            raise imported.fault("body", str(error)) from error
        except IntegrityError as error:
            reason = "somebody changed the same at this very moment; import it again"
            raise ImportFault(imported.source, None, reason) from error
        return outcome, post

    def new_cover(self, imported: ImportedPost) -> Picture | None:
        """The cover, ready to be stored; None where there is none or the post has it already."""
        if not imported.cover:
            return None
        known = Imported.objects.filter(slug=imported.slug, cover_hash=imported.cover_hash)
        if known.exists() and not self.overwrite:
            return None
        try:
            return reencode(imported.cover)
        except ValidationError as error:
            raise imported.fault("cover", error.messages[0]) from error

    def decide(self, imported: ImportedPost, post: Post, record: Imported | None) -> Outcome:
        if post.pk is None:
            return Outcome.ADDED
        if record and record.file_hash == imported.hash:
            return Outcome.UNCHANGED
        if record and not record.post_was_edited:
            return Outcome.UPDATED
        return Outcome.REPLACED if self.overwrite else Outcome.KEPT

    def store(self, imported: ImportedPost, post: Post, cover: Picture | None) -> None:
        categories = [find_category(imported, name) for name in imported.categories]
        place_in_series(post, imported)
        set_language(post, imported)
        if imported.translation_of not in self.would_be_there:
            set_translated(post, imported)
        post.author = self.author_of(imported, post)
        fill(post, imported)
        post.full_clean()
        if cover and not self.dry_run:
            save_with_cover(post, cover)
        else:
            post.save()
        post.categories.set(categories)
        post.refresh_from_db()
        Imported.objects.update_or_create(
            post=post,
            defaults={
                "slug": imported.slug,
                "file_hash": imported.hash,
                "cover_hash": imported.cover_hash,
                "post_hash": fingerprint(post),
                "imported_at": timezone.now(),
            },
        )

    def author_of(self, imported: ImportedPost, post: Post) -> Author:
        if imported.author:
            return find_author(imported)
        author = post.author or self.author
        if author is None:
            raise ImportFault(
                imported.source,
                None,
                "no author is named and the site has no administrator; use --author",
            )
        return author


def find(slug: str) -> tuple[Post, Imported | None]:
    """The post that was imported under this slug, or has it now; an empty one otherwise."""
    record = Imported.objects.filter(slug=slug).first()
    wanted = {"pk": record.post_id} if record else {"slug": slug}
    # Locked, so that nobody's edit falls between the look and the write.
    post = Post.objects.select_for_update(of=("self",)).filter(**wanted).first()
    return post or Post(), record


def save_with_cover(post: Post, cover: Picture) -> None:
    post.cover.save("", cover, save=False)
    try:
        post.save()
    except Exception:
        post.cover.delete(save=False)
        raise


def fill(post: Post, imported: ImportedPost) -> None:
    for name in ALWAYS:
        setattr(post, name, getattr(imported, name))
    for name in IF_SAID:
        if (said := getattr(imported, name)) not in (None, ""):
            setattr(post, name, said)
    if not imported.cover:
        post.cover = ""  # type: ignore[assignment]
    # Without a date it is the time of the first import, and then stays.
    post.published_at = imported.date or post.published_at
    if post.status == Post.Status.PUBLISHED and not post.published_at:
        post.published_at = timezone.now()
    if imported.updated:
        post.updated_at = imported.updated
    elif post.pk is None and imported.date:
        # An old post that comes here today was not changed today.
        post.updated_at = min(imported.date, timezone.now())


def find_author(imported: ImportedPost) -> Author:
    """By slug or by the name that readers see."""
    name = imported.author
    found = (
        Author.objects.filter(slug=name).first()
        or Author.objects.filter(display_name__iexact=name).first()
        or Author.objects.filter(username=name).first()
    )
    if found is None:
        raise imported.fault("author", f"nobody here is called “{name}”")
    return found


def find_category(imported: ImportedPost, name: str) -> Category:
    """By name, whatever its capitals; added where there is none."""
    category = Category(name=name)
    try:
        category.clean_fields(exclude=["slug"])
    except ValidationError as error:
        raise imported.fault("categories", error.messages[0]) from error
    if found := Category.objects.filter(name__iexact=category.name).first():
        return found
    category.save()
    return category


def place_in_series(post: Post, imported: ImportedPost) -> None:
    """The series by name, whatever its capitals; added where there is none.

    A post that moves to another goes behind its parts; a source without a series leaves it alone.
    """
    if not imported.series:
        return
    series = Series(name=imported.series)
    try:
        series.clean_fields(exclude=["slug"])
    except ValidationError as error:
        raise imported.fault("series", error.messages[0]) from error
    known = Series.objects.filter(name__iexact=series.name).first()
    if known is None:
        series.save()
    if post.series != (known or series):
        post.series, post.series_position = known or series, None


def set_language(post: Post, imported: ImportedPost) -> None:
    """A source that names no language leaves it alone."""
    if not imported.language:
        return
    code = languages.code_of(imported.language)
    if not code:
        example = "a tag like “de” or “pt-BR” is wanted"
        raise imported.fault("language", f"no language is called “{imported.language}”; {example}")
    post.language = code


def set_translated(post: Post, imported: ImportedPost) -> None:
    """What was written first, by its slug. A source that names none leaves it alone."""
    if not imported.translation_of:
        return
    first, _ = find(imported.translation_of)
    if first.pk is None:
        reason = f"no post here has the slug “{imported.translation_of}”"
        raise imported.fault("translation_of", reason)
    first = first.translation_of or first
    check_translation(post, first, post.language)
    post.translation_of = first


def explained(imported: ImportedPost, error: ValidationError) -> ImportFault:
    """The first thing that is wrong, with the line in which it stands."""
    if not hasattr(error, "error_dict"):
        return ImportFault(imported.source, None, error.messages[0])
    name, messages = next(iter(error.message_dict.items()))
    return imported.fault(CALLED.get(name, name), messages[0])

"""The ways to ask for posts: who may see them, in what order, and how much of each is read."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import (
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    StringAgg,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from blog import markdown
from blog.models.author import ACCOUNT, NAME
from blog.models.visibility import visible

if TYPE_CHECKING:
    from blog.models.post import Post

# What no list shows.
LONG = ("body", "html", "toc", "keywords", "related")
# What a post that readers see does not bring along of its author.
AUTHORS_ACCOUNT = tuple(f"author__{name}" for name in ACCOUNT)
# What only the newsroom and the worker ask of a post.
BEHIND = ("keywords", "status", "featured", "created_at", "markdown_version", "is_related")
# What an entry of a list shows.
ENTRY = (
    *("slug", "title", "summary", "excerpt", "cover", "cover_width", "cover_height", "language"),
    *("published_at", "words", "author"),
    *(f"author__{name}" for name in NAME),
)
# What an entry of a feed carries besides.
IN_FULL = ("updated_at", "cover_alt", "guid", "html")


class PostQuerySet(models.QuerySet["Post"]):
    def published(self, at: Any = None) -> "PostQuerySet":
        """What the public may see now, or at another moment."""
        return self.filter(visible(at=at))

    def published_among(self, at: Any = None, **few: Any) -> "PostQuerySet":
        """What the public may see now of a few posts: `published_among(pk__in=keys)`.

        Whether it may is compared with a value, so that SQLite looks the few up instead of walking
        through the index of all that is published.
        """
        is_visible = ExpressionWrapper(visible(at=at), output_field=models.BooleanField())
        return self.filter(**few).alias(shows=is_visible).filter(shows=Value(True))

    def scheduled(self) -> "PostQuerySet":
        return self.filter(status=self.model.Status.PUBLISHED, published_at__gt=timezone.now())

    def drafts(self) -> "PostQuerySet":
        return self.filter(status=self.model.Status.DRAFT)

    def readable_by(self, user: Any) -> "PostQuerySet":
        """The posts that `user` may see in the admin: everybody's, or her own."""
        if user.has_perm("blog.change_any_post"):
            return self.all()
        return self.filter(author=user)

    def editable_by(self, user: Any) -> "PostQuerySet":
        """The posts that `user` may change or delete: who may not publish works on drafts only."""
        readable = self.readable_by(user)
        return readable if user.has_perm("blog.publish_post") else readable.drafts()

    def listed(self, *more: str) -> "PostQuerySet":
        """For lists: newest first, no more than an entry shows, and `more`."""
        entries = self.select_related("author").only(*ENTRY, *more).with_category_keys()
        return entries.order_by("-published_at", "-pk")

    def with_category_keys(self) -> "PostQuerySet":
        """Each knows its categories' keys, "3 17", of which blog/filed.py makes `filed_under`."""
        filed: Any = self.model.categories.through.objects.filter(post=OuterRef("pk")).order_by()
        keys = StringAgg(Cast("category_id", models.TextField()), Value(" "))
        listed = Subquery(filed.values("post").annotate(keys=keys).values("keys"))
        return self.annotate(category_keys=Coalesce(listed, Value("", models.TextField())))

    def on_its_page(self) -> "PostQuerySet":
        """With all that the page of a post shows of it and its author."""
        posts = self.select_related("author", "series").with_category_keys()
        return posts.defer("body", *BEHIND, *AUTHORS_ACCOUNT)

    def as_written(self) -> "PostQuerySet":
        """With all that goes into its Markdown."""
        posts = self.select_related("author", "series", "translation_of")
        firsts_long = [f"translation_of__{name}" for name in LONG]
        return posts.defer("html", "toc", *firsts_long, *AUTHORS_ACCOUNT).prefetch_related(
            "categories"
        )

    def in_full(self) -> "PostQuerySet":
        """For feeds: newest first, with the whole text as readers see it."""
        return self.listed(*IN_FULL)

    def on_cards(self) -> "PostQuerySet":
        """For the pictures that stand for them where they are shared."""
        names = [f"author__{name}" for name in NAME]
        return self.select_related("author").only("title", "language", "author", *names)

    def titles(self) -> "PostQuerySet":
        """For ledgers: newest first, no more than a line needs."""
        return self.only("title", "slug", "published_at", "language").order_by(
            "-published_at", "-pk"
        )

    def lead(self) -> "Post | None":
        """The post that the home page shows large: the newest featured one, or else the newest."""
        newest = self.order_by("-published_at", "-pk").values("pk")
        # As a value, since SQLite finds an index for "featured = 1" and none for "featured".
        featured = newest.filter(featured=Value(True))
        return self.filter(pk=Coalesce(Subquery(featured[:1]), Subquery(newest[:1]))).first()

    def in_series(self, series: Any, at: Any = None) -> "PostQuerySet":
        """The public parts of a series, in their order."""
        parts = self.published_among(at, series=series)
        return parts.order_by("series_position", "published_at", "pk")

    def with_translations(self, at: Any = None) -> "PostQuerySet":
        """Each knows in `has_translations` whether others may say the same in another language."""
        others = self.model._default_manager.published_among(at, translation_of=OuterRef("pk"))
        return self.annotate(has_translations=Q(translation_of__isnull=False) | Exists(others))

    def in_other_languages(self, post: "Post") -> list["Post"]:
        """The public ones that say the same: what it translates, and what translates that."""
        first = post.translation_of_id or post.pk
        others = self.filter(Q(pk=first) | Q(translation_of=first)).exclude(pk=post.pk)
        shown = others.published_among().only("title", "slug", "language")
        return list(shown.order_by("language", "pk"))

    def to_render_again(self) -> "PostQuerySet":
        """Posts whose stored HTML an older renderer made."""
        return self.exclude(markdown_version=markdown.VERSION)

    def to_relate(self) -> "PostQuerySet":
        """Posts that changed since those related to them were looked for: see blog/related.py."""
        return self.filter(is_related=None, markdown_version=markdown.VERSION)

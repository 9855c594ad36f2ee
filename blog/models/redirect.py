"""Where an address went."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.fields import Line
from blog.links import own_path

if TYPE_CHECKING:
    from blog.models.addressed import Addressed

LONGEST = 600
# Whoever is led on more often than that walks in a circle.
MOST_STEPS = 10
TARGETS = ("post", "category", "author", "page", "series")


def leads_somewhere(address: str) -> None:
    """Raises ValidationError for what is neither a path on this site nor a whole link."""
    # Browsers read a backslash like a slash, and two of those begin the name of another host.
    if not re.match(r"/(?![/\\])", address):
        whole = gettext("Write a path on this site, or an https link.")
        URLValidator(schemes=["http", "https"], message=whole)(address)


def exactly_one_target() -> Q:
    """True where one of the rows, or else the address, is named, and no second."""
    alone = ~Q(to_path="") & _named(None)
    for target in TARGETS:
        alone |= Q(to_path="") & _named(target)
    return alone


def _named(target: str | None) -> Q:
    return Q(**{f"{name}__isnull": name != target for name in TARGETS})


class RedirectQuerySet(models.QuerySet["Redirect"]):
    def remember(self, old_path: str, target: "Addressed") -> None:
        """From now on `old_path` leads to `target`, wherever that moves later.

        It is kept as people read it, `/posts/日本語/`, which is how a request's path comes.
        """
        old_path = unquote(old_path)
        fields: dict[str, Any] = dict.fromkeys(TARGETS)
        fields |= {target._meta.model_name or "": target, "to_path": ""}
        self.update_or_create(old_path=old_path, defaults=fields)

    def forget(self, path: str) -> None:
        """Somebody lives at `path` again: nobody is led away from there, nor from below it."""
        self.filter(old_path=unquote(path)).delete()

    def target_of(self, path: str) -> str | None:
        """Where a reader who asks for `path` should go; None where nobody knows.

        However many old addresses lie on the way, it is the last place. A circle has none.
        """
        target: str | None = None
        here: str | None = path
        for _step in range(MOST_STEPS):
            step = self._step(here) if here else None
            if step is None:
                return target
            target, here = step
        return None

    def _step(self, path: str) -> tuple[str, str | None] | None:
        """Where `path` leads, and the path to look at next; None where it ends, as at a row.

        A renamed category takes the feeds and pages below it along.
        """
        if "\0" in path:  # PostgreSQL refuses to look for it
            return None
        below = path[:LONGEST].split("/")
        starts = ["/".join(below[:length]) + "/" for length in range(len(below) - 1, 1, -1)]
        # With a slash too: Django leads to that one by itself.
        places = [path, path + "/", *starts]
        found = {
            row.old_path: row for row in self.select_related(*TARGETS).filter(old_path__in=places)
        }
        for redirect in filter(None, map(found.get, places)):
            rest = path[len(redirect.old_path) :]
            target = redirect.target()
            if target and (not rest or redirect.leads_below(rest)):
                lives_there = not rest and not redirect.to_path
                return target + rest, None if lives_there else own_path(target + rest)
        return None


class Redirect(models.Model):
    """An old address. It names the row it meant, not that row's address, so chains cannot form."""

    old_path = Line(
        _("old address"),
        max_length=LONGEST,
        unique=True,
        validators=[RegexValidator(r"^/[^?#]*$", _("Write a path that starts with a slash."))],
        help_text=_("The path that readers still come to, for example /2019/05/hello/."),
    )
    to_path = Line(
        _("new address"),
        max_length=LONGEST,
        blank=True,
        validators=[leads_somewhere],
        help_text=_("Where they are sent instead: a path on this site or a whole link."),
    )
    post = models.ForeignKey(
        "blog.Post", models.CASCADE, null=True, blank=True, verbose_name=_("post")
    )
    category = models.ForeignKey(
        "blog.Category", models.CASCADE, null=True, blank=True, verbose_name=_("category")
    )
    author = models.ForeignKey(
        "blog.Author", models.CASCADE, null=True, blank=True, verbose_name=_("author")
    )
    page = models.ForeignKey(
        "blog.Page", models.CASCADE, null=True, blank=True, verbose_name=_("page")
    )
    series = models.ForeignKey(
        "blog.Series", models.CASCADE, null=True, blank=True, verbose_name=_("series")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = RedirectQuerySet.as_manager()

    class Meta:
        verbose_name = _("redirect")
        verbose_name_plural = _("redirects")
        ordering = ["old_path"]
        constraints = [
            models.CheckConstraint(
                condition=exactly_one_target(),
                name="redirect_has_one_target",
                violation_error_message=_(
                    "Name one place to lead to: an address, a post, a category, an author, a page "
                    "or a series."
                ),
            )
        ]

    def __str__(self) -> str:
        return self.old_path

    @property
    def row(self) -> "Addressed | None":
        """What it leads to, where that is no address."""
        return self.post or self.category or self.author or self.page or self.series

    def leads_below(self, rest: str) -> bool:
        """Whether what stands at `rest` below the old address moved along. A post has its card."""
        is_card = rest == "card.png" and self.post_id
        return bool(self.category_id or self.author_id or is_card)

    def target(self) -> str | None:
        """The address it leads to, or None while the public may not see what is there."""
        if self.to_path:
            return self.to_path
        row = self.row
        return row.get_absolute_url() if row and row.is_public else None

"""Ways to narrow a list. Each costs one small query, however many rows there are."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.admin.base import is_number
from blog.archive import Period
from blog.models import Author, Category, Post

MOST_AUTHORS = 50
PERIOD = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")


class ByChoice(SimpleListFilter):
    """Narrows a list to one of the choices of the field that `parameter_name` names."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return model_admin.opts.get_field(self.parameter_name).flatchoices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        known = value in dict(self.lookup_choices)
        return queryset.filter(**{str(self.parameter_name): value}) if known else queryset


class ByStatus(ByChoice):
    title = _("status")
    parameter_name = "status"


class ByRow(SimpleListFilter):
    """Narrows a list to what belongs to another row, named by its number."""

    # The way from the listed rows to that one.
    relation = ""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        if value is None:
            return queryset
        return queryset.filter(self.belongs_to(int(value))) if is_number(value) else queryset.none()

    def belongs_to(self, number: int) -> Q | Exists:
        return Q(**{self.relation: number})


class ByState(SimpleListFilter):
    title = _("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("drafts", gettext("Draft")),
            ("scheduled", gettext("Scheduled")),
            ("published", gettext("Published")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "drafts":
                return queryset.drafts()
            case "scheduled":
                return queryset.scheduled()
            case "published":
                return queryset.published()
        return queryset


class ByCategory(ByRow):
    title = _("category")
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return named(Category.objects.all())

    def belongs_to(self, number: int) -> Exists:
        """Asked post by post in the order of the list.

        A join would read every post of the category, with its text: SQLite keeps the times by
        which it then sorts behind that.
        """
        links = Post.categories.through.objects.filter(post=OuterRef("pk"), category=number)
        return Exists(links)


class ByAuthor(ByRow):
    """For editors only: everybody else sees her own posts."""

    title = _("author")
    parameter_name = relation = "author"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not request.user.has_perm("blog.change_any_post"):
            return []
        with_posts = Author.objects.filter(Exists(Post.objects.filter(author=OuterRef("pk"))))
        return named(with_posts.only("display_name", "first_name", "last_name")[:MOST_AUTHORS])


class ByDate(SimpleListFilter):
    """Years, then months, then days.

    Django's own hierarchy reads every date that there is; this one looks for a post of each year.
    """

    title = _("date")
    parameter_name = "date"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        dated = model_admin.get_queryset(request).filter(status=Post.Status.PUBLISHED)
        dates = dated.order_by("published_at").values_list("published_at", flat=True)
        first, last = dates.first(), dates.last()
        if first is None or last is None:
            return []
        years = range(timezone.localtime(last).year, timezone.localtime(first).year - 1, -1)
        has_posts = {f"of_{year}": Exists(dated.filter(Period(year).contains())) for year in years}
        row = dates.annotate(**has_posts).values(*has_posts).first() or {}
        return [(str(year), str(year)) for year in years if row.get(f"of_{year}")]

    def has_output(self) -> bool:
        return bool(self.lookup_choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        period = parse_period(str(self.value()))
        if period is None:
            return queryset.none()
        return queryset.filter(
            published_at__gte=_start(period[0]), published_at__lt=_start(period[1])
        )

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        chosen = str(self.value() or "")
        year, month = chosen[:4], chosen[:7] if len(chosen) > 4 else ""
        yield self._choice(changelist, None, gettext("All"), not chosen)
        for value, name in self.lookup_choices:
            yield self._choice(changelist, str(value), str(name), chosen == value)
            if value == year and parse_period(year):
                yield from self._months(changelist, int(year), month, chosen)

    def _months(
        self, changelist: ChangeList, year: int, open_month: str, chosen: str
    ) -> Iterator[Any]:
        for number in range(1, 13):
            value = f"{year:04}-{number:02}"
            name = formats.date_format(date(year, number, 1), "F")
            yield self._choice(changelist, value, f"– {name}", chosen == value)
            if value == open_month:
                yield from self._days(changelist, value, chosen)

    def _days(self, changelist: ChangeList, month: str, chosen: str) -> Iterator[Any]:
        first, after = parse_period(month) or (date.min, date.min)
        for number in range((after - first).days):
            day = first + timedelta(days=number)
            name = formats.date_format(day, "MONTH_DAY_FORMAT")
            yield self._choice(changelist, day.isoformat(), f"–– {name}", chosen == day.isoformat())

    def _choice(
        self, changelist: ChangeList, value: str | None, name: str, selected: bool
    ) -> dict[str, Any]:
        query = changelist.get_query_string({self.parameter_name: value})
        return {"selected": selected, "query_string": query, "display": name}


def parse_period(text: str) -> tuple[date, date] | None:
    """First day and day after the last of `2026`, `2026-05` or `2026-05-03`; None if it is none."""
    match = PERIOD.fullmatch(text)
    if match is None or not 1000 < int(match[1]) < 9000:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
    except ValueError:
        return None
    if day:
        return first, first + timedelta(days=1)
    if month:
        return first, (first + timedelta(days=31)).replace(day=1)
    return first, first.replace(year=first.year + 1)


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def named(rows: QuerySet[Any]) -> list[tuple[str, str]]:
    return [(str(row.pk), str(row)) for row in rows]

"""What every page of the newsroom has in common."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.filters import SimpleListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import ActionLocation, ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError, models, router, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext

from blog import markdown
from blog.admin.widgets import Autocomplete, PictureInput, RowsField, is_number
from blog.images import PictureField
from blog.models.addressed import Addressed
from blog.text import clean_line

MOST_COUNTED = 10_000
MOST_AT_ONCE = 1_000


class CappedPaginator(Paginator):
    """Finds ten thousand rows and then stops: a million are not counted to show fifty."""

    @cached_property
    def keys(self) -> list[Any]:
        rows: Any = self.object_list
        return list(rows.values_list("pk", flat=True)[: MOST_COUNTED + 1])

    @cached_property
    def count(self) -> int:
        self.is_capped = len(self.keys) > MOST_COUNTED
        return min(len(self.keys), MOST_COUNTED)

    def keys_on(self, number: int) -> list[Any]:
        return self.keys[: self.count][(number - 1) * self.per_page : number * self.per_page]


class RoomList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        """Whoever searches in vain looks through all rows; once for the number and the page.

        The rows of the page are asked for by nothing but their keys: with the filters beside
        them SQLite would rather walk an index of those.
        """
        super().get_results(request)
        paginator: Any = self.paginator
        found = self.root_queryset.filter(pk__in=paginator.keys_on(self.page_num))
        self.result_list = self.apply_select_related(found).order_by(*self.queryset.query.order_by)


class Room(admin.ModelAdmin):
    """One kind of row in the newsroom.

    What somebody may not see does not exist for her: `get_queryset` decides, and the answer is
    404. Lists can be filtered by what their filters offer and by nothing else.
    """

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    view_on_site = False
    formfield_overrides = {PictureField: {"widget": PictureInput}}
    # What is deleted together with a row, and needs no right of its own to be.
    goes_along: tuple[type[models.Model], ...] = ()
    # Whether a row is locked while its form is answered, so that of two who save at once the
    # second sees what the first one stored.
    locks_rows = False

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> models.Model:
        # Asked first, so that nobody can learn which numbers exist in a room closed to her.
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        # Django writes in a transaction; where there is none, a row is only looked at.
        if self.locks_rows and request.method == "POST" and _is_in_transaction(self.model):
            self._lock(found)
        return found

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RoomList

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        """What is looked for is cleaned as what is stored was."""
        return super().get_search_results(request, queryset, clean_line(search_term))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what a filter of this page asks for; never `?author__password__startswith=`."""
        filters = self.get_list_filter(request) if request else self.list_filter
        return lookup in self._dates() or lookup in {
            chosen.parameter_name
            for chosen in filters
            if isinstance(chosen, type) and issubclass(chosen, SimpleListFilter)
        }

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        name = self.opts.verbose_name
        context |= {"title": gettext("New %(name)s") % {"name": name} if add else capfirst(name)}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple:
        """The rows themselves; what hangs on them is told in words, not row by row."""
        listed, counts, missing, protected = super().get_deleted_objects(objs, request)
        along = {model._meta.verbose_name for model in self.goes_along}
        name = self.opts.verbose_name_plural
        rows = [row for row in listed if not isinstance(row, list)]
        return rows, {name: counts[name]} if name in counts else {}, missing - along, protected

    def formfield_for_dbfield(self, db_field: models.Field, request: Any, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        # One form at a time: no windows that open over it to add or change something else.
        if isinstance(getattr(field, "widget", None), RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = Autocomplete(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(
        self, db_field: models.ManyToManyField, request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs.setdefault("form_class", RowsField)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Nothing: Django would fill a new form with whatever stands in its address."""
        return {}

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:
            # Somebody took the same slug between our check and our write. Nothing was stored;
            # the second try sees that row, and the form says so.
            return super().changeform_view(request, object_id, form_url, extra_context)

    def response_action(
        self,
        request: HttpRequest,
        queryset: models.QuerySet,
        action_location: ActionLocation = ActionLocation.CHANGE_LIST,
    ) -> HttpResponse | None:
        if not all(is_number(chosen) for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise Http404
        # Django takes any word but "0" and "False" for a yes.
        across = request.POST.get("select_across", "0") != "0"
        if across and queryset.order_by()[: MOST_AT_ONCE + 1].count() > MOST_AT_ONCE:
            text = gettext(
                "That would change more than %(most)s rows at once. Filter the list first."
            ) % {"most": MOST_AT_ONCE}
            self.message_user(request, text, messages.WARNING)
            return None
        return super().response_action(request, queryset, action_location)

    def _lock(self, row: models.Model) -> None:
        rows = self.model._default_manager.select_for_update(of=("self",))
        try:
            row.refresh_from_db(from_queryset=rows)
        except self.model.DoesNotExist:
            raise Http404 from None  # somebody else deleted it a moment ago

    def _dates(self) -> set[str]:
        parts = ("year", "month", "day")
        return (
            {f"{self.date_hierarchy}__{part}" for part in parts} if self.date_hierarchy else set()
        )


def _is_in_transaction(model: type[models.Model]) -> bool:
    return transaction.get_connection(router.db_for_write(model)).in_atomic_block


class ReadOnlyRoom(Room):
    """Rows that the newsroom shows and never writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OneRowRoom(Room):
    """Settings of which there is one row; their list is their form."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> models.Model:
        """The row, or the defaults where nobody has saved one yet."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        model: Any = self.model
        return model.current()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        page = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(page, args=[1]))

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:index"))


def page_of(row: Addressed | None) -> str | None:
    """The address at which everybody can see it now.

    As it is stored: a form that comes back with a mistake has left its values on the object.
    """
    stored = row.stored() if row else None
    return stored.get_absolute_url() if stored and stored.is_public else None


def renderable(text: str) -> str:
    """The same text; raises ValidationError where it is too complex to be laid out.

    It gets half of the time that saving allows, so that what passes here passes there.
    """
    try:
        markdown.render(text, seconds=1.0)
    except markdown.TooComplex as error:
        raise ValidationError(str(error)) from error
    return text


def label(kind: str, text: str) -> SafeString:
    """A status as a small label; `kind` picks its colour in newsroom/frame.css."""
    return format_html('<span class="label label-{}">{}</span>', kind, text)

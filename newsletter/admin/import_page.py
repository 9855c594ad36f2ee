"""Bringing a list of subscribers in: a form, then what would happen, then the button.

And the lists that were brought in, each of which can be taken back.
"""

import logging
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from newsletter.admin.history import log
from newsletter.admin.import_form import ImportForm
from newsletter.admin.tables import as_csv, of_today
from newsletter.imports import undoing, uploads
from newsletter.imports.report import report
from newsletter.imports.run import REFUSED_COLUMNS, Running
from newsletter.imports.table import TableFault
from newsletter.models import ImportBatch, ImportFile
from newsletter.tasks import import_list, undo_import

if TYPE_CHECKING:
    from newsletter.admin.subscribers import SubscriberAdmin

logger = logging.getLogger("pennypost.subscribers")

# More than these are left to the worker.
MOST_AT_ONCE = 10_000
SHOWN = 50


class ImportPage:
    def __init__(self, room: "SubscriberAdmin") -> None:
        self.room = room

    def urls(self) -> list[URLPattern]:
        wrap = self.room.admin_site.admin_view
        name = "newsletter_subscriber_import"
        return [
            path("import/", wrap(self.bring), name=name),
            path("import/<int:pk>/", wrap(self.decide), name=f"{name}_decide"),
            path("import/<int:pk>/refused.csv", wrap(self.refused), name=f"{name}_refused"),
            path("imports/", wrap(self.past), name=f"{name}s"),
            path("imports/<int:pk>/undo/", wrap(self.undo), name=f"{name}_undo"),
        ]

    def may(self, request: HttpRequest) -> bool:
        may = request.user.has_perm("newsletter.import_subscriber")
        return may and self.room.has_view_permission(request)

    def bring(self, request: HttpRequest) -> HttpResponse:
        """Take the file in; nothing of it is imported yet."""
        if not self.may(request):
            raise PermissionDenied
        is_sent = request.method == "POST"
        form = ImportForm(request.POST, request.FILES) if is_sent else ImportForm()
        if is_sent and form.is_valid():
            brought = form.brought(request.user)
            try:
                uploads.terms_of(brought, dry=True)
            except ValidationError as fault:
                form.add_error(None, ValidationError(fault.messages))
            else:
                brought.save()
                url = reverse("admin:newsletter_subscriber_import_decide", args=[brought.pk])
                return HttpResponseRedirect(url)
        return self._page(request, "import.html", form=form)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what would happen; on POST, let it happen."""
        if not self.may(request):
            raise PermissionDenied
        brought = get_object_or_404(ImportFile, pk=pk, author=request.user, queued_at=None)
        try:
            run, counts, said = uploads.rehearse(brought)
            if request.method == "POST":
                return self._import(request, brought, counts.total())
        except (TableFault, Running) as fault:
            brought.delete()
            self.room.message_user(request, str(fault), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:newsletter_subscriber_import"))
        lines = list(report(run, counts))
        more = max(0, counts["refused"] - len(said))
        context = {"brought": brought, "lines": lines, "refused": said, "more": more}
        return self._page(request, "import_decide.html", **context)

    def refused(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """All lines that would not be taken, for whoever puts them right."""
        if not self.may(request):
            raise PermissionDenied
        brought = get_object_or_404(ImportFile, pk=pk, author=request.user, queued_at=None)
        try:
            rows = uploads.refused(brought)
        except TableFault as fault:
            raise Http404(str(fault)) from fault
        return as_csv(of_today("refused"), REFUSED_COLUMNS, rows)

    def _import(self, request: HttpRequest, brought: ImportFile, number: int) -> HttpResponse:
        log(
            request,
            None,
            ADDITION,
            gettext("Imported the list %(name)s.") % {"name": brought.name},
        )
        logger.info("User %s imports a list of %s lines.", request.user.pk, number)
        if number <= MOST_AT_ONCE:
            run = uploads.carry_out(brought)
            text = "; ".join(line.strip() for line in report(run, run.counts))
            batch = gettext("This was import %(number)s.") % {"number": run.batch.pk}
            self.room.message_user(request, f"{text}. {batch}")
        else:
            with transaction.atomic():
                brought.queued_at = timezone.now()
                brought.save(update_fields=["queued_at"])
                transaction.on_commit(lambda: import_list.enqueue(brought.pk), robust=True)
            text = gettext(
                "The list is being imported. Its people appear here within some minutes."
            )
            self.room.message_user(request, text)
        return HttpResponseRedirect(reverse("admin:newsletter_subscriber_changelist"))

    def past(self, request: HttpRequest) -> HttpResponse:
        """The newest imports."""
        if not self.may(request):
            raise PermissionDenied
        batches = ImportBatch.objects.select_related("terms").order_by("-pk")[:SHOWN]
        return self._page(request, "imports.html", title=gettext("Imports"), batches=batches)

    def undo(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say who would go; on POST, let them go."""
        if not self.may(request):
            raise PermissionDenied
        batch = get_object_or_404(ImportBatch, pk=pk, finished_at__isnull=False)
        number = undoing.untouched(batch).count()
        if request.method == "POST":
            return self._undo(request, batch, number)
        return self._page(
            request, "import_undo.html", title=gettext("Undo import"), batch=batch, number=number
        )

    def _undo(self, request: HttpRequest, batch: ImportBatch, number: int) -> HttpResponse:
        log(
            request,
            None,
            CHANGE,
            gettext("Took the import of %(name)s back.") % {"name": batch.file_name},
        )
        if number <= MOST_AT_ONCE:
            gone = undoing.undo(batch)
            text = ngettext(
                "%(number)s subscriber was taken off the list again.",
                "%(number)s subscribers were taken off the list again.",
                gone,
            ) % {"number": gone}
        else:
            with transaction.atomic():
                undoing.begin(batch)
                transaction.on_commit(lambda: undo_import.enqueue(batch.pk), robust=True)
            text = gettext(
                "The import is being taken back. Its people leave the list within some minutes."
            )
        self.room.message_user(request, text)
        return HttpResponseRedirect(reverse("admin:newsletter_subscriber_imports"))

    def _page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        page = self.room.admin_site.each_context(request) | {"opts": self.room.opts}
        page |= {"title": gettext("Import subscribers")} | context
        return TemplateResponse(request, f"admin/newsletter/subscriber/{template}", page)

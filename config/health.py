"""Is the site alive, and can it serve? For load balancers, container platforms and start-up."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache as once

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils import timezone

from blog.models import AccountMail, Heartbeat
from newsletter.models import Notice


class HealthChecks:
    """Answers `/healthz/` and `/readyz/`.

    In a middleware rather than a view, because whoever asks knows the address of a process, not
    the name of the site: a Host that ALLOWED_HOSTS does not name must not make it look ill.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.checks = {"/healthz/": alive, "/readyz/": ready}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        check = self.checks.get(request.path)
        if check is None:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return check()


def alive() -> HttpResponse:
    """200 as long as the process answers at all; a database that is down is not its fault."""
    return HttpResponse("alive\n", content_type="text/plain")


def ready() -> HttpResponse:
    """200 where pages can be served, otherwise 503.

    The ages are for whoever watches over the site: pages are fine while the worker is not.
    """
    migrated = database_state()
    parts = {
        "database": "ok" if migrated is not None else "unreachable",
        "migrations": {True: "ok", False: "pending", None: "unknown"}[migrated],
        "cache": "ok" if cache_works() else "unreachable",
    }
    ages = ages_in_seconds() if migrated else {}
    is_ready = {*parts.values()} == {"ok"}
    response = JsonResponse({"ready": is_ready, **parts, **ages}, status=200 if is_ready else 503)
    # Whoever asks every few seconds knows already; the log would hold nothing else.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def database_state() -> bool | None:
    """Whether all migrations ran; None where the database does not answer."""
    try:
        with fresh_connection() as database:
            return is_migrated(database)
    except DatabaseError:
        return None


@contextmanager
def fresh_connection() -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own: a pool would go on trying for its whole timeout."""
    fresh = connection.copy()
    options = fresh.settings_dict["OPTIONS"]
    if options.pop("pool", None):
        options.setdefault("connect_timeout", 5)
    try:
        yield fresh
    finally:
        fresh.close()


def is_migrated(database: BaseDatabaseWrapper) -> bool:
    """Raises DatabaseError where the database cannot be asked."""
    return newest_migrations() <= MigrationRecorder(database).applied_migrations().keys()


@once
def newest_migrations() -> frozenset[tuple[str, str]]:
    """The last migration of each app; the files do not change while a process runs."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def cache_works() -> bool:
    token = secrets.token_hex(8)
    try:
        cache.set("readyz", token, timeout=10)
        # Another process may have asked in between: any answer will do.
        return cache.get("readyz") is not None
    except Exception:  # Every cache server has errors of its own.
        return False


def ages_in_seconds() -> dict[str, int | None]:
    """How long ago the worker was seen, and how long the oldest mail has been overdue."""
    beat = Heartbeat.objects.filter(name="worker").values_list("seen_at", flat=True).first()
    overdue = [
        due_at
        for model in (AccountMail, Notice)
        if (
            due_at := model.objects.due()
            .order_by("due_at")
            .values_list("due_at", flat=True)
            .first()
        )
    ]
    return {
        "worker_seen_seconds_ago": seconds_since(beat),
        "oldest_waiting_mail_seconds": seconds_since(min(overdue, default=None)),
    }


def seconds_since(moment: datetime | None) -> int | None:
    return round((timezone.now() - moment).total_seconds()) if moment else None

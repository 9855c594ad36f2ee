"""A process of the site under test that answers the rig: Python in, JSON out, a line each.

    python -m tests.faults.desk

The rig has no database connection of its own, so that it can test any site, on any database.
"""

import json
import sys
from importlib import import_module  # noqa: F401  # for the rig

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import close_old_connections, connection, transaction  # noqa: E402
from django.db.models.functions import Now  # noqa: E402
from django.test import RequestFactory  # noqa: E402

from blog.models import Author, Post, Site  # noqa: E402, F401  # what the rig asks for
from config.newsroom import front_page  # noqa: E402
from newsletter import models  # noqa: E402
from newsletter.models import (  # noqa: E402
    Delivery,
    Issue,
    Notice,
    Subscriber,
    Terms,
)
from newsletter.sending import issues  # noqa: E402
from tests.faults.readers import add_readers  # noqa: E402

# The release before, which test_upgrade.py runs with this file, has none.
Odometer = getattr(models, "Odometer", None)


def prepare(readers: int) -> None:
    """A database with so many active readers."""
    call_command("migrate", verbosity=0)
    terms = Terms(version="1", text="We send you letters.")
    terms.save()
    terms.publish()
    add_readers(readers)


def start(body: str, subject: str) -> str:
    """Write an issue and send it; returns how the sink names it."""
    issue = Issue.objects.create(subject=subject, body=body)
    issues.start(issue)
    return f"issue{issue.pk}"


def progress() -> dict:
    """The newest issue: its rows by status, how many were frozen, whether it counts as finished."""
    issue = newest()
    return {
        "counts": issue.counts(),
        "frozen": issue.frozen_count,
        "is_frozen": issue.frozen_at is not None,
        "finished": issue.is_finished,
        "status": issue.status,
        "because": issue.paused_because,
    }


def newest() -> Issue:
    return Issue.objects.order_by("pk").last()


def concerns() -> list[str]:
    """What the newsroom's first page gives an administrator to do."""
    request = RequestFactory().get("/admin/")
    request.user = Author(is_superuser=True, is_active=True)
    return [concern.text for concern in front_page(request)["concerns"]]


def rows() -> list:
    """Every delivery of the newest issue: address, status, attempts, reply."""
    deliveries = newest().deliveries.order_by("pk")
    return [*deliveries.values_list("subscriber__email", "status", "attempts", "reply")]


def put_back_a_backup(far: int) -> None:
    """One from before the first mail, in one go and under whoever works on the database."""
    with transaction.atomic():
        Delivery.objects.update(
            status="waiting", due_at=Now(), settled_at=None, fence=None, leased_until=None
        )
        Odometer.objects.update(far=far)


def token(email: str) -> str:
    """What the links in a reader's mails carry."""
    return Subscriber.objects.get(email=email).token


def unsubscribed() -> list[str]:
    gone = Subscriber.objects.filter(status=Subscriber.Status.UNSUBSCRIBED)
    return sorted(gone.values_list("email", flat=True))


def has_notices_to_send() -> bool:
    """Whether the worker has still to look at somebody who signed up."""
    return Notice.objects.due().exists()


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        close_old_connections()
        try:
            answer = {"value": eval(line, globals())}  # noqa: S307  # the tests' own words
        except Exception as fault:
            answer = {"fault": f"{type(fault).__name__}: {fault}"}
        print(json.dumps(answer, default=str), flush=True)
        connection.close()


if __name__ == "__main__":
    main()

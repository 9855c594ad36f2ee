"""What was done to subscribers, in the newsroom's own history."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest
from django.utils.translation import gettext

from newsletter.models import Subscriber


def log(request: HttpRequest, subscriber: Subscriber | None, flag: int, message: str) -> None:
    """Not by Django's own log, which keeps the name of the row: here, somebody's address."""
    LogEntry.objects.create(
        user_id=str(request.user.pk),
        content_type=ContentType.objects.get_for_model(Subscriber),
        object_id=str(subscriber.pk) if subscriber else None,
        object_repr=gettext("Subscriber %(number)s") % {"number": subscriber.pk}
        if subscriber
        else gettext("Subscribers"),
        action_flag=flag,
        change_message=message,
    )

"""What a mail service says became of a mail: signed, and harmless when it is said twice.

anymail knows how each service signs and words it; here it becomes our own feedback.
"""

import hashlib
import logging
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt

from newsletter import addresses, feedback
from newsletter.models import Delivery, Feedback, Subscriber
from newsletter.statuses import ENHANCED, address_is_gone

logger = logging.getLogger("pennypost.newsletter")

Kind = Feedback.Kind
# Amazon signs its own way; of any other, anymail checks only what a setting tells it to.
SIGNS_BY_ITSELF = {"amazon_ses"}


@csrf_exempt
def tracking(request: HttpRequest, service: str) -> HttpResponse:
    """Where the service posts its events: 403 for what it did not sign, 404 for other services."""
    if not service or service != settings.MAIL_SERVICE:
        raise Http404
    if not is_guarded(service):
        logger.error("Events of %s were refused: EMAIL_URL names no secret for them.", service)
        return HttpResponseForbidden("Not signed.\n", content_type="text/plain")
    try:
        return _anymail_view(service)(request)
    except AnymailWebhookValidationFailure:
        return HttpResponseForbidden("Not signed by this service.\n", content_type="text/plain")
    except (ValueError, KeyError, TypeError, AttributeError):
        # Signed, and still not what anymail knows: the service may have a newer form.
        logger.exception("An event of %s was not understood.", service)
        return HttpResponse("Not understood.\n", status=400, content_type="text/plain")


def is_guarded(service: str) -> bool:
    """Whether a stranger's events would be told apart."""
    secrets = [name for name in settings.ANYMAIL if "WEBHOOK" in name or "SIGNING" in name]
    return service in SIGNS_BY_ITSELF or bool(secrets)


def _anymail_view(service: str) -> Any:
    # Not loaded before a service calls: it brings the libraries of them all, and Amazon's alone
    # take 6 MB of each process.
    patterns = import_string("anymail.urls.urlpatterns")
    paths = {str(pattern.pattern): pattern.callback for pattern in patterns}
    view = paths.get(f"{service}/tracking/")
    if view is None:
        raise Http404
    return view


def on_event(sender: Any, event: AnymailTrackingEvent, esp_name: str, **kwargs: Any) -> None:
    """A receiver of anymail's `tracking` signal."""
    delivery = _delivery(event)
    subscriber = delivery.subscriber if delivery else _subscriber(event)
    if subscriber is None:
        return
    if event.event_type == EventType.UNSUBSCRIBED:
        subscriber.unsubscribe()
        return
    kind = kind_of(event)
    if kind is not None:
        detail = event.mta_response or event.description or event.reject_reason or ""
        key = _key(esp_name, event)
        feedback.note(kind, subscriber, delivery=delivery, key=key, detail=detail)


def kind_of(event: AnymailTrackingEvent) -> Feedback.Kind | None:
    """What an event means for the address; None where it means nothing."""
    if event.event_type == EventType.DELIVERED:
        return Kind.DELIVERED
    if event.event_type == EventType.COMPLAINED:
        return Kind.COMPLAINT
    if event.event_type in (EventType.BOUNCED, EventType.REJECTED, EventType.FAILED):
        return _kind_of_bounce(event)
    return None


def _kind_of_bounce(event: AnymailTrackingEvent) -> Feedback.Kind:
    if event.reject_reason == RejectReason.SPAM:
        return Kind.COMPLAINT
    words = event.mta_response or ""
    if ENHANCED.search(words):
        return Kind.HARD if address_is_gone(words) else Kind.SOFT
    is_soft = "soft" in _word_of_service(event).lower()
    gone = event.reject_reason in (RejectReason.INVALID, RejectReason.BOUNCED)
    return Kind.HARD if gone and not is_soft else Kind.SOFT


def _word_of_service(event: AnymailTrackingEvent) -> str:
    """Anymail calls Postmark's soft bounces bounces like any other; only the raw event tells."""
    raw = event.esp_event
    return str(raw.get("Type", "")) if isinstance(raw, dict) else ""


def _delivery(event: AnymailTrackingEvent) -> Delivery | None:
    """The mail that the event is about, which the service was told when it got the mail."""
    number = str((event.metadata or {}).get("delivery", ""))
    if not number.isdecimal() or len(number) > 18:
        return None
    return Delivery.objects.select_related("subscriber").filter(pk=int(number)).first()


def _subscriber(event: AnymailTrackingEvent) -> Subscriber | None:
    try:
        address = addresses.parse(event.recipient or "")
    except ValidationError:
        return None
    return Subscriber.objects.at(address).first()


def _key(service: str, event: AnymailTrackingEvent) -> str:
    parts = [event.event_type, event.event_id, event.message_id, event.recipient]
    name = "\0".join(str(part or "") for part in parts)
    return f"{service[:20]} {hashlib.sha256(name.encode()).hexdigest()[:40]}"

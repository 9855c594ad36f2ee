"""Confirm, preferences, unsubscribe: what the links in a subscriber's mails lead to.

A GET never changes anything, since mail scanners open every link; a person presses the button.
"""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext

from blog.models import Category
from newsletter import self_service, tokens
from newsletter.forms import PreferencesForm
from newsletter.models import Consent, Subscriber
from newsletter.models.consent import AGREE
from newsletter.signups import confirm as confirm_sign_up
from newsletter.tasks import nudge
from newsletter.views.links import expired, signed_link, token_page
from newsletter.visitors import Visitor


@signed_link(tokens.CONFIRM)
def confirm(request: HttpRequest, consent: str) -> HttpResponse:
    asking = [Consent.Event.REQUESTED, Consent.Event.INVITED]
    sign_ups = Consent.objects.filter(event__in=asking).select_related("subscriber")
    asked = sign_ups.filter(pk=consent).first()
    if asked is None:  # purged meanwhile
        return expired(request)
    subscriber = asked.subscriber
    # The categories that were chosen: none of them where it was everything.
    topics = Category.objects.known_as(asked.topics)
    context: dict[str, Any] = {"subscriber": subscriber, "asked": asked, "topics": topics}
    if asked.event == Consent.Event.INVITED:
        context["agree"] = gettext(AGREE)
    if request.method == "POST" and _confirmed(subscriber, asked, Visitor.of(request)):
        return render(request, "newsletter/confirmed.html", context | {"is_new": True})
    if subscriber.may_confirm(asked):
        return render(request, "newsletter/confirm.html", context)
    if subscriber.status == Subscriber.Status.ACTIVE:
        return render(request, "newsletter/confirmed.html", context)
    return expired(request)


def _confirmed(subscriber: Subscriber, asked: Consent, visitor: Visitor) -> bool:
    try:
        is_new = confirm_sign_up(subscriber, asked, visitor)
    except Subscriber.DoesNotExist:  # purged at this very moment
        return False
    if is_new:
        transaction.on_commit(nudge, robust=True)
    return is_new


@token_page
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Also the one-click POST of mail programs: answered at once, with no redirect."""
    subscriber = get_object_or_404(Subscriber, token=token)
    if request.method == "POST":
        self_service.unsubscribe(subscriber, Visitor.of(request))
    if subscriber.is_on_the_list:
        return render(request, "newsletter/unsubscribe.html", {"subscriber": subscriber})
    return render(request, "newsletter/unsubscribed.html", {"subscriber": subscriber})


@token_page
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    subscriber = get_object_or_404(Subscriber, token=token)
    if subscriber.status == Subscriber.Status.ERASED:
        return render(request, "newsletter/unsubscribed.html")
    if "my-data" in request.GET:
        return _data_link(request, subscriber)
    if subscriber.status != Subscriber.Status.ACTIVE:
        return render(request, "newsletter/unsubscribed.html", {"subscriber": subscriber})
    categories = list(Category.objects.all())
    context = {"subscriber": subscriber, "categories": categories, **_chosen(subscriber)}
    if request.method != "POST":
        return render(request, "newsletter/preferences.html", context)
    form = PreferencesForm(request.POST, categories=categories)
    if not form.is_valid():
        context |= {"form": form, "topics": request.POST.getlist("topics")}
        return render(request, "newsletter/preferences.html", context, status=400)
    everything = form.cleaned_data["receives"] == "everything"
    topics = [row for row in categories if row.slug in form.cleaned_data["topics"]]
    visitor = Visitor.of(request)
    if not self_service.choose(subscriber, visitor, everything=everything, topics=topics):
        return render(request, "newsletter/unsubscribed.html", {"subscriber": subscriber})
    context |= {"is_saved": True, **_chosen(subscriber)}
    return render(request, "newsletter/preferences.html", context)


def _chosen(subscriber: Subscriber) -> dict[str, Any]:
    return {
        "everything": subscriber.receives_everything,
        "topics": list(subscriber.topics.values_list("slug", flat=True)),
    }


def _data_link(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """One button that has the link to one's data mailed: only who reads her mail may have it."""
    context = {"subscriber": subscriber, "is_sent": request.method == "POST"}
    if request.method == "POST":
        self_service.ask_for_data_link(subscriber, Visitor.of(request))
        transaction.on_commit(nudge, robust=True)
    return render(request, "newsletter/mail_data_link.html", context)

"""What a subscriber can do with her own data, behind a link that works for an hour."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext

from newsletter import tokens
from newsletter.forms import EraseForm, MoveForm
from newsletter.models import AddressChange, Subscriber
from newsletter.self_service import ask_to_move, everything_about, move
from newsletter.tasks import nudge
from newsletter.views.links import expired, signed_link
from newsletter.visitors import Visitor


@signed_link(tokens.DATA)
def data(request: HttpRequest, data_key: str) -> HttpResponse:
    """Shows what is stored; downloads, moves or erases it."""
    subscriber = Subscriber.objects.with_data_key(data_key).first()
    if subscriber is None:  # she has moved since
        return expired(request)
    if subscriber.status == Subscriber.Status.ERASED:
        return render(request, "newsletter/goodbye.html")
    if request.method == "POST":
        wish = WISHES.get(request.POST.get("wish", ""))
        return wish(request, subscriber) if wish else _page(request, subscriber, status=400)
    if "download" in request.GET:
        return _download(subscriber)
    return _page(request, subscriber)


def _page(
    request: HttpRequest, subscriber: Subscriber, status: int = 200, **context: Any
) -> HttpResponse:
    about = everything_about(subscriber)
    context |= {"subscriber": subscriber, "about": about}
    return render(request, "newsletter/data.html", context, status=status)


def _download(subscriber: Subscriber) -> HttpResponse:
    response = JsonResponse(everything_about(subscriber), json_dumps_params={"indent": 2})
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


def _move(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    form = MoveForm(request.POST, subscriber=subscriber)
    if not form.is_valid():
        return _page(request, subscriber, status=400, move=form)
    if not ask_to_move(subscriber, form.cleaned_data["email"], Visitor.of(request)):
        form.add_error("email", gettext("That was often enough. Please wait an hour."))
        return _page(request, subscriber, status=429, move=form)
    transaction.on_commit(nudge, robust=True)
    return _page(request, subscriber, is_asked=True)


def _erase(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    form = EraseForm(request.POST)
    if not form.is_valid():
        return _page(request, subscriber, status=400, erase=form)
    subscriber.erase()
    return render(request, "newsletter/goodbye.html")


WISHES = {"move": _move, "erase": _erase}


@signed_link(tokens.ADDRESS)
def address(request: HttpRequest, change: str) -> HttpResponse:
    """The owner of a new address says that the newsletter may move there."""
    moved = get_object_or_404(AddressChange.objects.select_related("subscriber"), pk=change)
    if request.method == "POST" and move(moved, Visitor.of(request)):
        return render(request, "newsletter/moved.html")
    if moved.done_at:
        return render(request, "newsletter/moved.html")
    if not moved.is_open():
        return expired(request)
    if request.method == "POST":
        return render(request, "newsletter/address_taken.html", status=409)
    return render(request, "newsletter/address.html", {"change": moved})

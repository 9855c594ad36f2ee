"""What the links in a subscriber's mails lead to."""

from typing import NoReturn

from django.http import Http404, HttpRequest


def confirm(request: HttpRequest, token: str) -> NoReturn:
    raise Http404


def preferences(request: HttpRequest, token: str) -> NoReturn:
    raise Http404


def unsubscribe(request: HttpRequest, token: str) -> NoReturn:
    raise Http404

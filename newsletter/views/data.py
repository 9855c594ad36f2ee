"""What a subscriber can do with her own data, behind a link that works for an hour."""

from typing import NoReturn

from django.http import Http404, HttpRequest


def data(request: HttpRequest, token: str) -> NoReturn:
    raise Http404


def address(request: HttpRequest, token: str) -> NoReturn:
    raise Http404

"""Asking for the newsletter."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from blog import cache


@require_safe
@cache.public
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "newsletter/home.html")


@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    return redirect("newsletter:home")


@require_safe
def check_inbox(request: HttpRequest) -> HttpResponse:
    return render(request, "newsletter/check_inbox.html")

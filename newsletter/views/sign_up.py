"""Asking for the newsletter."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from blog.cache import busy
from blog.context_processors import current_site
from blog.shared import shared
from newsletter.bodies import takes_small_form
from newsletter.context_processors import current_terms
from newsletter.forms import SignUpForm
from newsletter.models import NewsletterSettings
from newsletter.origin import same_origin
from newsletter.signups import sign_up
from newsletter.tasks import nudge
from newsletter.visitors import Visitor

offered_topics = shared(lambda: NewsletterSettings.current().offered_topics())


@busy
@require_http_methods(["GET", "HEAD", "POST"])
@same_origin
@takes_small_form
def subscribe(request: HttpRequest) -> HttpResponse:
    """Where every sign-up form is sent. The answer is the same for every address."""
    if request.method != "POST":
        return redirect("newsletter:home")
    terms = current_terms()
    if terms is None or not current_site().signups_open:
        return render(request, "newsletter/home.html", status=403)
    topics = offered_topics()
    form = SignUpForm(request.POST, terms=terms, categories=topics)
    if not form.is_a_robots:
        if not form.is_valid():
            context = {"form": form, "offered_topics": topics}
            return render(request, "newsletter/home.html", context, status=400)
        if sign_up(form.cleaned_data["email"], terms, Visitor.of(request), form.chosen):
            # Only a nudge: where it is lost, the worker's sweep finds the notice.
            transaction.on_commit(nudge, robust=True)
    return HttpResponseRedirect(reverse("newsletter:check_inbox"), status=303)


@require_safe
def check_inbox(request: HttpRequest) -> HttpResponse:
    response = render(request, "newsletter/check_inbox.html")
    response["X-Robots-Tag"] = "noindex"
    return response

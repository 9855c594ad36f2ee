"""The sign-up form that stands on every public page."""

from typing import Any

from django.http import HttpRequest

from blog.shared import shared, when_asked
from newsletter.models import Terms

current_terms = shared(Terms.objects.current)


def sign_up(request: HttpRequest) -> dict[str, Any]:
    """`current_terms`, read when a template asks; empty where nobody can sign up yet."""
    return {"current_terms": when_asked(current_terms)}

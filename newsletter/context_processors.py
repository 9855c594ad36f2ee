"""The sign-up form that stands on every public page."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from newsletter.models import Terms


def sign_up(request: HttpRequest) -> dict[str, Any]:
    """`current_terms`, read when a template asks; empty where nobody can sign up yet."""
    return {"current_terms": SimpleLazyObject(Terms.objects.current)}

"""What every template may ask for."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from blog.models import Site


def site(request: HttpRequest) -> dict[str, Any]:
    return {"site": SimpleLazyObject(Site.current)}

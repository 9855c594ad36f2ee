"""What every template may ask for."""

from typing import Any

from django.http import HttpRequest

from blog.models import Site
from blog.shared import shared, when_asked

current_site = shared(Site.current)


def site(request: HttpRequest) -> dict[str, Any]:
    return {"site": when_asked(current_site)}

"""The least that Django can do: one view, no middleware, the bytes of a page from memory.

The pages are the files of BARE_FOLDER; each has its content type in a file beside it.
"""

import os
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

FOLDER = Path(os.environ["BARE_FOLDER"])
PAGES = {
    file.stem: (file.with_suffix("").read_bytes(), file.read_text())
    for file in FOLDER.glob("*.type")
}


def page(request: HttpRequest, name: str) -> HttpResponse:
    body, content_type = PAGES[name]
    return HttpResponse(body, content_type=content_type)


urlpatterns = [path("<str:name>", page)]
settings.configure(
    SECRET_KEY="of-a-site-without-secrets", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__
)
application = get_wsgi_application()

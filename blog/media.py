"""Serves the pictures that blog/images.py stored, where no web server or bucket does it."""

from pathlib import Path

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from blog import images

TYPES = {".webp": "image/webp", ".jpg": "image/jpeg", ".png": "image/png"}
HEADERS = {
    # A name is never given twice, so what it stands for never changes.
    "Cache-Control": "public, max-age=31536000, immutable",
    # Whatever a file may hold, a browser shows it as a picture and runs nothing.
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    # Feed readers and mail programs show covers on pages of their own.
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@require_safe
def media(request: HttpRequest, path: str) -> FileResponse:
    if not images.NAME.fullmatch(path):
        raise Http404
    try:
        file = default_storage.open(path)
    except FileNotFoundError:
        raise Http404 from None
    return FileResponse(file, content_type=TYPES[Path(path).suffix], headers=HEADERS)

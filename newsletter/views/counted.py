"""What counted mails lead through: a link's way on, and a picture of one dot. docs/counting.md."""

from base64 import b64decode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from newsletter.counting import count
from newsletter.models import CountedLink

# One transparent dot.
DOT = b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


@csrf_exempt
@require_safe
def click(request: HttpRequest, issue: int, number: int) -> HttpResponse:
    """On to the address that was frozen with the issue; nothing in the request can name another."""
    links = CountedLink.objects.links().to_follow()
    link = get_object_or_404(links, issue=issue, number=number)
    count(link, request)
    # The page it leads to is not told of ours.
    headers = HEADERS | {"Referrer-Policy": "no-referrer"}
    return HttpResponseRedirect(link.address, headers=headers)


@csrf_exempt
@require_safe
def load(request: HttpRequest, issue: int) -> HttpResponse:
    pictures = CountedLink.objects.pictures().to_follow()
    count(get_object_or_404(pictures, issue=issue), request)
    # Webmail shows it on pages of its own.
    headers = HEADERS | {"Cross-Origin-Resource-Policy": "cross-origin"}
    return HttpResponse(DOT, content_type="image/gif", headers=headers)

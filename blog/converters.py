"""What may stand in an address."""

from django.urls import register_converter
from django.urls.converters import IntConverter, StringConverter

from blog.reserved import ELSEWHERE


class UnicodeSlug(StringConverter):
    """A slug in any script. Django's own `slug` knows ASCII only."""

    regex = r"[-\w]+"


class PageSlug(UnicodeSlug):
    """The same for a page of the site's own, which has no address that is answered elsewhere."""

    def to_python(self, value: str) -> str:
        if value.casefold() in ELSEWHERE:
            raise ValueError
        return value


class Shade(StringConverter):
    """A colour as in `#8f3018`, without the sign that an address cannot have."""

    regex = "[0-9a-f]{6}"


class RowNumber(IntConverter):
    """The number of a row, within what the numbers of every database hold."""

    regex = "[0-9]{1,18}"


register_converter(UnicodeSlug, "uslug")
register_converter(PageSlug, "pslug")
register_converter(RowNumber, "row")
register_converter(Shade, "shade")

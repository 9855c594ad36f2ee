"""What may stand in an address."""

from django.urls import register_converter
from django.urls.converters import IntConverter, StringConverter


class UnicodeSlug(StringConverter):
    """A slug in any script. Django's own `slug` knows ASCII only."""

    regex = r"[-\w]+"


class RowNumber(IntConverter):
    """The number of a row, within what the numbers of every database hold."""

    regex = "[0-9]{1,18}"


register_converter(UnicodeSlug, "uslug")
register_converter(RowNumber, "row")

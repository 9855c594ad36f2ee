"""What may stand in an address."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class UnicodeSlug(StringConverter):
    """A slug in any script. Django's own `slug` knows ASCII only."""

    regex = r"[-\w]+"


register_converter(UnicodeSlug, "uslug")

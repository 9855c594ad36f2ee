"""Which of the two indexes this site has. Both have the same four functions."""

from types import ModuleType

from django.db import connection

from blog.search import postgresql, sqlite


def backend() -> ModuleType:
    return sqlite if connection.vendor == "sqlite" else postgresql

"""Whatever a public page is made of makes a new edition when it changes."""

import re

import pytest
from django.db import connection

from blog.editions import FOLLOW, SHOWN
from config.pages import what_is_asked
from tests.blog.test_visibility import LISTS, OTHERS, aviary, clock  # noqa: F401  # fixtures

TABLE = re.compile(r'(?:FROM|JOIN) "(\w+)"')

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("aviary")
@pytest.mark.parametrize("path", [path for path in LISTS + OTHERS if what_is_asked(path, "")])
def test_every_table_of_a_page_is_one_that_makes_editions(client, path):
    read = set()

    def note(execute, sql, params, many, context):
        read.update(TABLE.findall(sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        assert client.get(path).status_code == 200

    assert read - SHOWN.keys() - FOLLOW == set()
    # These are made of the settings alone.
    assert read or path in {"/robots.txt", "/sitemap-pages.xml"}


def test_every_table_that_makes_editions_is_there():
    assert SHOWN.keys() - set(connection.introspection.table_names()) == set()

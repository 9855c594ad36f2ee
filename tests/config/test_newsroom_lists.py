"""Lists of a hundred thousand posts and a million subscribers: how SQLite looks for a page.

It keeps no statistics here, so its plan for an empty table is its plan for a full one.
"""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import AdministratorFactory, TermsFactory
from tests.plans import plan

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="asks SQLite for its plan"),
]
POSTS = "/admin/blog/post/"
SUBSCRIBERS = "/admin/newsletter/subscriber/"


@pytest.mark.parametrize(
    "path",
    [
        POSTS,
        f"{POSTS}?q=word",
        f"{POSTS}?q=two+words",
        f"{POSTS}?state=published",
        f"{POSTS}?state=published&q=word",
        f"{POSTS}?state=scheduled",
        f"{POSTS}?date=2026",
        f"{POSTS}?date=2026-05-03",
        f"{POSTS}?date=2026&q=word",
        f"{POSTS}?category=1",
        f"{POSTS}?state=published&category=1&q=word",
        SUBSCRIBERS,
        f"{SUBSCRIBERS}?q=part",
        f"{SUBSCRIBERS}?status=active",
        f"{SUBSCRIBERS}?status=active&q=part",
        f"{SUBSCRIBERS}?status=active&terms=1&q=part",
        f"{SUBSCRIBERS}?terms=1",
        f"{SUBSCRIBERS}?topic=everything",
        f"{SUBSCRIBERS}?status=bounced&topic=everything",
    ],
)
def test_page_is_found_in_an_index_alone_and_in_its_order(client, path):
    client.force_login(AdministratorFactory())
    TermsFactory(pk=1)

    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200

    [walk] = [
        query["sql"] for query in queries if re.search(r"^SELECT \S+ AS \"pk\"", query["sql"])
    ]
    steps = [step for step in plan(walk) if "CORRELATED SCALAR SUBQUERY" not in step]
    assert [step for step in steps if "USING COVERING INDEX" not in step] == []


def test_readers_are_counted_in_an_index_alone(client):
    client.force_login(AdministratorFactory())

    with CaptureQueriesContext(connection) as queries:
        client.get("/admin/")

    [count] = [
        query["sql"]
        for query in queries
        if "suppressed_for" in query["sql"] and "COUNT(*)" in query["sql"]
    ]
    [step] = plan(count)
    assert "USING COVERING INDEX subscriber_receiving" in step

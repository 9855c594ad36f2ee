"""Every cache that a site may be given; Redis too where TEST_REDIS_URL names one, as in .ci/run."""

import os
import socket
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.core.cache import caches

from config.environment import cache

URLS = [
    pytest.param(url, id=url.partition(":")[0])
    for url in ("locmemcache://", os.environ.get("TEST_REDIS_URL"))
    if url
]


@pytest.fixture(params=URLS, autouse=True)
def cache_url(request, settings) -> Iterator[None]:
    settings.CACHES = {"default": cache(request.param)}
    yield
    caches.close_all()


@pytest.mark.django_db
def test_site_is_ready_with_it(client):
    answer = client.get("/readyz/")

    assert (answer.status_code, answer.json()["cache"]) == (200, "ok")


def test_what_one_connection_keeps_another_finds():
    key = uuid4().hex
    here, there = caches.create_connection("default"), caches.create_connection("default")

    here.set(key, {"title": "Crème brûlée"})

    assert there.get(key) == {"title": "Crème brûlée"}
    assert there.get(uuid4().hex) is None


def test_only_the_first_of_two_may_add():
    key = uuid4().hex
    here, there = caches.create_connection("default"), caches.create_connection("default")

    added = [here.add(key, "first"), there.add(key, "second")]

    assert added == [True, False]
    assert there.get(key) == "first"


@pytest.mark.django_db
def test_redis_that_hangs_holds_no_request(client, settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"redis://127.0.0.1:{port}/0?socket_timeout=0.1"
        settings.CACHES = {"default": cache(url)}

        answer = client.get("/readyz/")

    assert (answer.status_code, answer.json()["cache"]) == (503, "unreachable")

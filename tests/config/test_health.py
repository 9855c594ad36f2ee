"""Liveness and readiness, as a load balancer asks for them."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from blog.models import AccountMail, Heartbeat

READY = {
    "ready": True,
    "database": "ok",
    "migrations": "ok",
    "cache": "ok",
    "worker_seen_seconds_ago": None,
    "oldest_waiting_mail_seconds": None,
}


def test_liveness_needs_no_database(client):
    answer = client.get("/healthz/")

    assert (answer.status_code, answer.content) == (200, b"alive\n")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_readiness_says_that_all_is_well(client):
    answer = client.get("/readyz/")

    assert (answer.status_code, answer.json()) == (200, READY)
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_readiness_tells_how_long_mail_and_worker_are_overdue(client):
    now = timezone.now()
    Heartbeat.objects.create(name="worker", seen_at=now - timedelta(minutes=5))
    for minutes in (2, 10, -10):
        AccountMail.objects.create(kind="reset", due_at=now - timedelta(minutes=minutes))

    answer = client.get("/readyz/")

    assert answer.status_code == 200
    assert answer.json() == READY | {
        "worker_seen_seconds_ago": pytest.approx(300, abs=5),
        "oldest_waiting_mail_seconds": pytest.approx(600, abs=5),
    }


@pytest.mark.django_db
def test_site_with_pending_migrations_is_not_ready(client, monkeypatch):
    monkeypatch.setattr("config.health.newest_migrations", lambda: {("blog", "9999_to_come")})

    answer = client.get("/readyz/")

    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "database": "ok",
        "migrations": "pending",
        "cache": "ok",
    }


def test_site_without_database_is_alive_but_not_ready(client, monkeypatch, caplog):
    def refuse(database: object) -> bool:
        raise OperationalError("password authentication failed for user “mara”")

    monkeypatch.setattr("config.health.is_migrated", refuse)

    answer = client.get("/readyz/")

    assert client.get("/healthz/").status_code == 200
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "database": "unreachable",
        "migrations": "unknown",
        "cache": "ok",
    }
    assert caplog.messages == []


@pytest.mark.django_db
def test_site_without_its_cache_is_not_ready(client, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }

    answer = client.get("/readyz/")

    assert (answer.status_code, answer.json()["cache"]) == (503, "unreachable")


@pytest.mark.parametrize("path", ["/healthz/", "/readyz/"])
@pytest.mark.django_db
def test_health_is_answered_whatever_the_host_is_called(path, client):
    by_address = client.get(path, headers={"host": "10.0.0.7:8000"})
    by_post = client.post(path)

    assert (by_address.status_code, by_post.status_code) == (200, 405)

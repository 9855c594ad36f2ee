"""Subscribers on their way out: the file, the command, the button."""

import csv
import io
import os
import stat

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.urls import reverse

from newsletter import exports
from newsletter.cells import guarded, unguarded
from newsletter.models import Subscriber
from tests.factories import CategoryFactory, StaffFactory, SubscriberFactory, TermsFactory

pytestmark = pytest.mark.django_db
LIST = reverse("admin:newsletter_subscriber_changelist")
EXPORT = reverse("admin:newsletter_subscriber_export")


def exported(*options):
    out = io.StringIO()
    call_command("export_subscribers", "-", *options, stdout=out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


# --- The file ---


def test_line_says_what_is_known_of_a_subscriber():
    reader = SubscriberFactory(
        email="mara@example.com",
        terms=TermsFactory(version="2026-05"),
        receives_everything=False,
        created_at="2026-05-01 12:00Z",
        confirmed_at="2026-05-02 12:00Z",
    )
    reader.topics.set([CategoryFactory(slug="wood"), CategoryFactory(slug="bread")])

    assert exported() == [
        {
            "email": "mara@example.com",
            "status": "active",
            "receives_everything": "no",
            "topics": "bread,wood",
            "agreed_to_terms": "yes",
            "terms_version": "2026-05",
            "created_at": "2026-05-01T12:00:00+00:00",
            "confirmed_at": "2026-05-02T12:00:00+00:00",
            "unsubscribed_at": "",
            "suppressed_for": "",
        }
    ]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "'x", "'=x", "", "'", "plain", "a=1", "𝟙", "a\nb"],
)
def test_cell_that_could_be_a_formula_is_made_text_and_comes_back(text):
    cell = guarded(text)

    assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r"}
    assert unguarded(cell) == text


def test_address_that_looks_like_a_formula_is_guarded():
    SubscriberFactory(email="=1+1@example.com")
    SubscriberFactory(email="'plus@example.com")

    assert [row["email"] for row in exported()] == ["'=1+1@example.com", "''plus@example.com"]


def test_statuses_are_chosen_and_the_erased_are_nobody():
    for status in ("active", "pending", "unsubscribed"):
        SubscriberFactory(email=f"{status}@example.com", status=status)
    SubscriberFactory().erase()

    assert len(exported()) == 3
    chosen = exported("--status", "pending", "--status", "active")
    assert [row["email"] for row in chosen] == ["active@example.com", "pending@example.com"]


def test_chunks_need_as_many_queries_each_and_lose_nobody(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(exports, "CHUNK", 2)
    addresses = [SubscriberFactory().email for _ in range(5)]

    with django_assert_num_queries(3 * 2 + 1):
        lines = "".join("".join(chunk) for chunk in exports.lines(Subscriber.objects.all()))

    assert [row["email"] for row in csv.DictReader(io.StringIO(lines))] == addresses


# --- The command ---


def test_file_is_private_and_whole(tmp_path, capsys):
    SubscriberFactory(email="mara@example.com")
    path = tmp_path / "people.csv"
    path.write_text("old")

    call_command("export_subscribers", str(path))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().splitlines()[1].startswith("mara@example.com,active,yes,")
    assert os.listdir(tmp_path) == ["people.csv"]
    assert capsys.readouterr().out == f"1 subscriber written to {path}\n"


def test_export_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "people.csv"
    path.write_text("old")

    def no_room(rows):
        yield ["email\r\n"]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exports, "lines", no_room)
    with pytest.raises(CommandError, match="No space left"):
        call_command("export_subscribers", str(path))

    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["people.csv"]


# --- The newsroom ---


def test_manager_gets_a_file_and_the_log_names_her(client):
    manager = StaffFactory(role="Newsletter manager")
    client.force_login(manager)
    SubscriberFactory(email="mara@example.com")
    SubscriberFactory(email="ole@example.com", status="pending")
    button = 'value="pending"' in client.get(LIST, {"status": "pending"}).content.decode()

    answer = client.post(EXPORT, {"status": "pending"})

    assert button
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert [row["email"] for row in csv.DictReader(io.StringIO(text))] == ["ole@example.com"]
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="subscribers-')
    assert "no-store" in answer["Cache-Control"]
    entry = LogEntry.objects.get()
    assert (entry.user, entry.get_change_message()) == (manager, "Exported pending subscribers.")


def test_export_needs_its_right_a_post_and_a_known_status(client):
    SubscriberFactory(email="mara@example.com")
    viewer = StaffFactory()
    viewer.user_permissions.add(Permission.objects.get(codename="view_subscriber"))
    client.force_login(viewer)
    refused = client.post(EXPORT)
    shown = client.get(LIST)
    client.force_login(StaffFactory(role="Newsletter manager"))

    assert refused.status_code == 403
    assert (shown.status_code, "Export" in shown.content.decode()) == (200, False)
    assert client.get(EXPORT).status_code == 405
    assert client.post(EXPORT, {"status": "erased"}).status_code == 404
    assert not LogEntry.objects.exists()


def test_export_without_csrf_token_is_refused(client):
    client.force_login(StaffFactory(role="Newsletter manager"))
    client.handler.enforce_csrf_checks = True

    assert client.post(EXPORT).status_code == 403

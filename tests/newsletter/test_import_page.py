"""A list of subscribers brought to the newsroom: shown first, then imported."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from newsletter.admin import import_form, import_page
from newsletter.models import Consent, ImportBatch, ImportFile, Subscriber, Terms
from newsletter.sweep import forget
from newsletter.tasks import import_list, undo_import
from tests.factories import StaffFactory, SubscriberFactory, TermsFactory

pytestmark = pytest.mark.django_db
LIST = reverse("admin:newsletter_subscriber_changelist")
IMPORT = reverse("admin:newsletter_subscriber_import")
IMPORTS = reverse("admin:newsletter_subscriber_imports")
PEOPLE = "email\nmara@example.com\nole@example.com\nbad\n"


@pytest.fixture(autouse=True)
def terms():
    return TermsFactory(version="1")


def bring(client, content=PEOPLE, **fields):
    file = SimpleUploadedFile("people.csv", content.encode())
    return client.post(IMPORT, {"file": file, **fields})


def test_list_is_shown_before_it_is_imported(client, manager):
    SubscriberFactory(email="ole@example.com")
    linked = f'href="{IMPORT}"' in client.get(LIST).content.decode()

    brought = bring(client, source="Opt-in at letters.example", terms="1")
    page = client.get(brought["Location"]).content.decode()
    untouched = Subscriber.objects.count()
    done = client.post(brought["Location"], follow=True).content.decode()

    assert linked
    assert "1 subscribed, with the consent that they gave elsewhere" in page
    assert "line 4: this is no address that mail could reach" in page
    assert untouched == 1
    assert "1 subscribed" in done
    mara = Subscriber.objects.get(email="mara@example.com")
    assert (mara.status, mara.terms.version) == ("active", "1")
    assert Consent.objects.get(subscriber=mara).wording == "Opt-in at letters.example"
    assert not ImportFile.objects.exists()
    entry = LogEntry.objects.get()
    assert (entry.user, entry.get_change_message()) == (manager, "Imported the list people.csv.")


def test_refused_lines_are_handed_over_with_their_reasons(client, manager):
    brought = bring(client, "email\nmara@example.com\n=bad\n" + "worse\n" * 30)["Location"]

    page = client.get(brought).content.decode()
    file = client.get(f"{brought}refused.csv")
    rows = file.getvalue().decode("utf-8-sig").splitlines()

    assert "And 11 more." in page
    assert f'href="{brought}refused.csv"' in page
    assert file["Content-Type"] == "text/csv; charset=utf-8"
    assert rows[0] == "line,reason,address"
    assert rows[1] == "3,this is no address that mail could reach,'=bad"
    assert len(rows) == 32
    assert not Subscriber.objects.exists()


def test_list_without_a_consent_is_asked(client, manager):
    client.post(bring(client)["Location"])

    assert set(Subscriber.objects.values_list("status", flat=True)) == {"pending"}


def test_terms_of_another_list_are_kept_only_once_it_is_imported(client, manager):
    fields = {"source": "Old list", "version": "old-1", "text": "Their words."}

    brought = bring(client, **fields)
    before = Terms.objects.count()
    client.post(brought["Location"])

    assert before == 1
    assert Terms.objects.get(version="old-1").kind == "external"
    assert Terms.objects.current().version == "1"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"source": "Words"}, "belong together"),
        ({"terms": "1"}, "belong together"),
        ({"source": "Words", "version": "x"}, "both a name and their words"),
        ({"source": "Words", "version": "x", "text": "y", "terms": "1"}, "not both"),
        ({"source": "Words", "version": "1", "text": "y"}, "say something else"),
        ({"source": "Words", "version": "a/b", "text": "y"}, "Use letters, digits"),
    ],
)
def test_form_says_what_is_missing(client, manager, fields, said):
    answer = bring(client, **fields)

    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not ImportFile.objects.exists()


def test_file_that_is_too_large_or_none_is_refused(client, manager, monkeypatch):
    monkeypatch.setattr(import_form, "MOST_BYTES", 10)

    assert "larger than" in bring(client).content.decode()
    assert "This field is required" in client.post(IMPORT, {}).content.decode()
    assert not ImportFile.objects.exists()


def test_file_without_addresses_leads_back_with_a_sentence(client, manager):
    brought = bring(client, "a,b\nc,d\n")

    page = client.get(brought["Location"], follow=True)

    assert "No column holds addresses" in page.content.decode()
    assert not ImportFile.objects.exists()


def test_long_list_is_left_to_the_worker(
    client, manager, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(import_page, "MOST_AT_ONCE", 2)
    brought = bring(client)

    with django_capture_on_commit_callbacks(execute=True):
        client.post(brought["Location"])
    before = Subscriber.objects.count()
    twice = client.post(brought["Location"])
    number = ImportFile.objects.get().pk
    import_list.func(number)
    import_list.func(number)

    assert (before, twice.status_code) == (0, 404)
    assert DBTaskResult.objects.filter(task_path="newsletter.tasks.import_list").count() == 1
    assert Subscriber.objects.count() == 2
    assert not ImportFile.objects.exists()


def test_lost_task_is_found_and_an_old_file_forgotten(client, manager):
    bring(client)
    old = timezone.now() - timedelta(hours=1)
    ImportFile.objects.update(queued_at=old)

    forget()
    found = DBTaskResult.objects.filter(task_path="newsletter.tasks.import_list").count()
    ImportFile.objects.update(created_at=old - timedelta(days=1))
    forget()

    assert found == 1
    assert not ImportFile.objects.exists()


def test_import_needs_its_right_and_shows_only_ones_own_list(client, manager):
    brought = bring(client)["Location"]
    client.force_login(StaffFactory(role="Newsletter manager"))
    foreign = [client.get(brought).status_code, client.post(brought).status_code]
    foreign.append(client.get(f"{brought}refused.csv").status_code)
    viewer = StaffFactory()
    viewer.user_permissions.add(Permission.objects.get(codename="view_subscriber"))
    client.force_login(viewer)

    assert foreign == [404, 404, 404]
    assert client.get(f"{brought}refused.csv").status_code == 403
    for address in (IMPORT, brought):
        assert client.get(address).status_code == 403
        assert client.post(address).status_code == 403
    assert IMPORT not in client.get(LIST).content.decode()
    assert not Subscriber.objects.exists()


def test_import_without_csrf_token_is_refused(client, manager):
    brought = bring(client)["Location"]
    client.handler.enforce_csrf_checks = True

    assert client.post(brought).status_code == 403
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("number", ["0", "99999999999999999999"])
def test_number_of_no_list_is_not_found(client, manager, number):
    assert client.get(f"{IMPORT}{number}/").status_code == 404
    assert client.post(f"{IMPORT}{number}/").status_code == 404


def test_import_is_listed_and_taken_back(client, manager):
    client.post(bring(client, source="Opt-in at letters.example", terms="1")["Location"])
    batch = ImportBatch.objects.get()
    address = reverse("admin:newsletter_subscriber_import_undo", args=[batch.pk])

    listed = client.get(IMPORTS).content.decode()
    asked = client.get(address).content.decode()
    untouched = set(Subscriber.objects.values_list("status", flat=True))
    done = client.post(address, follow=True).content.decode()

    assert "people.csv" in listed
    assert f'href="{address}"' in listed
    assert "2 subscribers whom this import brought in are unsubscribed" in asked
    assert untouched == {"active"}
    assert "2 subscribers were taken off the list again." in done
    assert f'href="{address}"' not in done
    assert set(Subscriber.objects.values_list("status", flat=True)) == {"unsubscribed"}


def test_long_import_is_taken_back_by_the_worker(
    client, manager, monkeypatch, django_capture_on_commit_callbacks
):
    client.post(bring(client, source="Opt-in at letters.example", terms="1")["Location"])
    batch = ImportBatch.objects.get()
    monkeypatch.setattr(import_page, "MOST_AT_ONCE", 1)

    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("admin:newsletter_subscriber_import_undo", args=[batch.pk]))
    before = set(Subscriber.objects.values_list("status", flat=True))
    DBTaskResult.objects.all().delete()
    forget()
    found = DBTaskResult.objects.filter(task_path="newsletter.tasks.undo_import").count()
    undo_import.func(batch.pk)

    assert (before, found) == ({"active"}, 1)
    assert set(Subscriber.objects.values_list("status", flat=True)) == {"unsubscribed"}


def test_no_import_says_so(client, manager):
    assert "No list was imported yet." in client.get(IMPORTS).content.decode()


def test_taking_back_needs_the_right(client, manager):
    client.post(bring(client, source="Opt-in at letters.example", terms="1")["Location"])
    address = reverse(
        "admin:newsletter_subscriber_import_undo", args=[ImportBatch.objects.get().pk]
    )
    viewer = StaffFactory()
    viewer.user_permissions.add(Permission.objects.get(codename="view_subscriber"))
    client.force_login(viewer)

    answers = [client.get(IMPORTS), client.get(address), client.post(address)]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert set(Subscriber.objects.values_list("status", flat=True)) == {"active"}

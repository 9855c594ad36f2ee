"""Signing in, being invited, and finding a way back in."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
import time_machine
from django.contrib.auth import hashers
from django.contrib.auth.tokens import default_token_generator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from blog.models import AccountMail, Author, Limit
from tests.factories import AdministratorFactory, AuthorFactory, StaffFactory
from tests.newsroom import admin_url, form_of, open_form

pytestmark = pytest.mark.django_db
PASSWORD = "a good long password"
SIGN_IN = reverse("admin:login")
INDEX = reverse("admin:index")
ASK = reverse("admin:password_link")
SENT = reverse("admin:password_link_sent")
INVITE = reverse("admin:blog_author_add")


def sign_in(client, username, password=PASSWORD, **more):
    return client.post(SIGN_IN, {"username": username, "password": password}, **more)


def is_signed_in(client):
    return client.get(INDEX).status_code == 200


# --- Signing in ---


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example/admin/",
        "javascript:alert(1)",
        "http://testserver@evil.example",
        "\x01//evil.example",
    ],
)
def test_sign_in_leads_nowhere_but_to_this_site(client, target):
    StaffFactory(username="mara")

    response = client.post(
        f"{SIGN_IN}?next={quote(target)}",
        {"username": "mara", "password": PASSWORD, "next": target},
    )

    assert (response.status_code, response["Location"]) == (302, INDEX)


def test_sign_in_leads_back_to_the_page_that_was_asked_for(client):
    StaffFactory(username="mara", role="Author")
    posts = reverse("admin:blog_post_changelist")

    asked = client.get(posts)
    response = client.post(asked["Location"], {"username": "mara", "password": PASSWORD})

    assert response["Location"] == posts


def test_sign_in_refuses_wrong_unknown_inactive_and_outsider_alike(client, monkeypatch):
    StaffFactory(username="mara")
    StaffFactory(username="gone", is_active=False)
    AuthorFactory(username="guest")
    hashed = []
    encode = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(
        hashers.MD5PasswordHasher,
        "encode",
        lambda *args: hashed.append("once") or encode(*args),
    )
    work, pages = {}, {}
    tries = [("mara", "wrong"), ("none", "wrong"), ("gone", "wrong"), ("gone", PASSWORD)]

    for name, password in [*tries, ("guest", "wrong"), ("guest", PASSWORD)]:
        hashed.clear()
        with CaptureQueriesContext(connection) as queries:
            answer = sign_in(Client(), name, password)
        page = answer.content.decode().replace(f'value="{name}"', "")
        pages[name, password] = (answer.status_code, _without_tokens(page))
        work[name, password] = (len(queries), len(hashed))

    assert len(set(pages.values())) == 1
    # An outsider who knows her password is told no more, but has proven who she is.
    del work["guest", PASSWORD]
    assert set(work.values()) == {(6, 1)}
    assert "do not belong together" in next(iter(pages.values()))[1]


def _without_tokens(page):
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)
    return re.sub(r'nonce="[^"]+"', "", page)


def test_tries_under_one_name_are_limited_even_with_the_right_password(client):
    StaffFactory(username="mara")
    for _ in range(10):
        sign_in(client, "mara", "wrong")

    response = sign_in(client, "mara")

    assert "too many tries" in response.content.decode()
    assert not is_signed_in(client)


def test_limit_is_the_same_for_a_name_that_nobody_has(client):
    for _ in range(10):
        sign_in(client, "none", "wrong")

    assert "too many tries" in sign_in(client, "none").content.decode()


def test_limit_ends_after_a_quarter_of_an_hour(client):
    StaffFactory(username="mara")
    with time_machine.travel("2026-05-01 12:00Z", tick=False) as clock:
        for _ in range(11):
            sign_in(client, "mara", "wrong")
        clock.shift(timedelta(minutes=15))

        sign_in(client, "mara")

        assert is_signed_in(client)


def test_nobody_is_locked_out_by_a_stranger_elsewhere(client):
    StaffFactory(username="mara")
    for _ in range(12):
        sign_in(Client(), "mara", "wrong", REMOTE_ADDR="203.0.113.9")

    sign_in(client, "mara", REMOTE_ADDR="198.51.100.4")

    assert is_signed_in(client)


def guess_from_many_networks(name, most=60):
    """As an attacker does who has some networks: five tries from each."""
    for number in range(most):
        sign_in(Client(), name, "wrong", REMOTE_ADDR=f"203.0.{number // 5}.9")


def test_one_network_cannot_use_up_the_tries_of_all(client):
    StaffFactory(username="mara")
    for _ in range(105):
        sign_in(Client(), "mara", "wrong", REMOTE_ADDR="203.0.113.9")

    sign_in(client, "mara", REMOTE_ADDR="198.51.100.4")

    assert is_signed_in(client)


def test_many_networks_together_are_stopped_for_a_quarter_of_an_hour(client):
    StaffFactory(username="mara")
    with time_machine.travel("2026-05-01 12:00Z", tick=False) as clock:
        guess_from_many_networks("mara")

        refused = sign_in(client, "mara", REMOTE_ADDR="198.51.100.4")
        clock.shift(timedelta(minutes=15))
        sign_in(client, "mara", REMOTE_ADDR="198.51.100.4")

        assert "Please wait a quarter of an hour" in refused.content.decode()
        assert is_signed_in(client)


def test_many_networks_do_not_lock_the_owner_out_where_she_signed_in_lately(client):
    StaffFactory(username="mara")
    sign_in(Client(), "mara", REMOTE_ADDR="198.51.100.4")
    guess_from_many_networks("mara")

    sign_in(client, "mara", REMOTE_ADDR="198.51.100.200")

    assert is_signed_in(client)


def test_place_of_a_sign_in_is_forgotten_after_ninety_days(client):
    StaffFactory(username="mara")
    with time_machine.travel("2026-05-01 12:00Z", tick=False) as clock:
        sign_in(Client(), "mara", REMOTE_ADDR="198.51.100.4")
        clock.shift(timedelta(days=90))
        guess_from_many_networks("mara")

        response = sign_in(client, "mara", REMOTE_ADDR="198.51.100.4")

    assert "too many tries" in response.content.decode()


def test_owner_who_is_locked_out_elsewhere_gets_in_by_a_new_password(client):
    author = StaffFactory(username="mara")
    guess_from_many_networks("mara")
    assert "too many tries" in sign_in(client, "mara").content.decode()

    choose_password(client, link_for(author), "another long one")
    guess_from_many_networks("mara")
    sign_in(client, "mara", "another long one")

    assert is_signed_in(client)


def test_neighbours_in_one_network_count_together(client):
    StaffFactory(username="mara")
    for last in range(10):
        sign_in(client, "mara", "wrong", REMOTE_ADDR=f"203.0.113.{last}")

    response = sign_in(client, "mara", REMOTE_ADDR="203.0.113.200")

    assert "too many tries" in response.content.decode()


def test_own_slips_are_forgotten_after_a_sign_in(client):
    StaffFactory(username="mara")
    for _ in range(3):
        for _ in range(9):
            sign_in(Client(), "mara", "wrong")
        sign_in(client, "mara")

    assert is_signed_in(client)


def test_limits_hold_no_name_and_no_address(client):
    sign_in(client, "mara@example.com", "wrong", REMOTE_ADDR="203.0.113.9")

    keys = " ".join(Limit.objects.values_list("key", flat=True))

    assert Limit.objects.count() == 4
    assert "mara" not in keys
    assert "203" not in keys


# --- Sessions ---


def test_session_gets_a_new_id_at_sign_in_and_dies_at_sign_out(client):
    StaffFactory(username="mara")
    client.cookies["sessionid"] = "chosen-by-an-attacker"
    sign_in(client, "mara")
    cookie = client.cookies["sessionid"]
    kept = cookie.value

    by_link = client.get(reverse("admin:logout"))
    assert by_link.status_code == 405
    assert is_signed_in(client)
    client.post(reverse("admin:logout"))

    assert kept != "chosen-by-an-attacker"
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
    client.cookies["sessionid"] = kept
    assert not is_signed_in(client)


def test_sign_out_without_the_token_is_refused():
    client = Client(enforce_csrf_checks=True)
    client.force_login(StaffFactory())

    answer = client.post(reverse("admin:logout"))

    assert answer.status_code == 403
    assert is_signed_in(client)


@pytest.mark.parametrize("event", ["changed", "switched off", "reset"])
def test_other_sessions_end_when_the_account_changes(client, event):
    author = StaffFactory()
    elsewhere = Client()
    elsewhere.force_login(author)
    client.force_login(author)

    if event == "changed":
        old = {"old_password": PASSWORD}
        new = {"new_password1": "another long one", "new_password2": "another long one"}
        client.post(reverse("admin:password_change"), old | new)
    elif event == "switched off":
        Author.objects.update(is_active=False)
    else:
        choose_password(Client(), link_for(author), "another long one")

    assert not is_signed_in(elsewhere)
    assert is_signed_in(client) == (event == "changed")


# --- A way back in ---


def link_for(author):
    uid = urlsafe_base64_encode(force_bytes(author.pk))
    return reverse("admin:set_password", args=[uid, default_token_generator.make_token(author)])


def choose_password(client, link, password):
    form = client.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    return client.post(address, {"new_password1": password, "new_password2": password})


def test_asking_for_a_password_answers_everybody_alike(client):
    StaffFactory(email="mara@example.com")
    StaffFactory(email="gone@example.com", is_active=False)
    answers, work = set(), set()

    for address in ("mara@example.com", "gone@example.com", "none@example.com"):
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(ASK, {"email": address})
        answers.add((answer.status_code, answer["Location"]))
        work.add(len(queries))

    assert answers == {(302, SENT)}
    assert len(work) == 1
    assert AccountMail.objects.count() == 3


def test_only_an_active_account_is_named_in_the_row(client):
    mara = StaffFactory(email="Mara@example.com")
    StaffFactory(email="gone@example.com", is_active=False)

    for address in ("mara@EXAMPLE.com", "gone@example.com", "none@example.com"):
        client.post(ASK, {"email": address})

    rows = AccountMail.objects.order_by("pk")
    assert [(row.kind, row.author, row.status) for row in rows] == [
        ("reset", mara, "waiting"),
        ("reset", None, "waiting"),
        ("reset", None, "waiting"),
    ]


def test_nothing_is_mailed_by_the_request(client, mailoutbox):
    StaffFactory(email="mara@example.com")

    client.post(ASK, {"email": "mara@example.com"})

    assert mailoutbox == []


def test_one_address_is_sent_three_links_an_hour(client):
    StaffFactory(email="mara@example.com")

    answers = [client.post(ASK, {"email": "mara@example.com"}) for _ in range(5)]

    assert {answer["Location"] for answer in answers} == {SENT}
    assert AccountMail.objects.count() == 3


def test_password_is_chosen_behind_the_link_once(client):
    author = StaffFactory(username="mara")
    link = link_for(author)

    chosen = choose_password(client, link, "another long one")
    again = Client().get(link, follow=True)

    assert chosen["Location"] == SIGN_IN
    assert "Your password is set." in client.get(SIGN_IN).content.decode()
    assert "used before" in again.content.decode()
    sign_in(client, "mara", "another long one")
    assert is_signed_in(client)


def test_link_works_for_three_days(client):
    with time_machine.travel("2026-05-01 12:00Z", tick=False) as clock:
        link = link_for(StaffFactory())
        clock.shift(timedelta(days=3, minutes=-1))
        assert "You will sign in as" in client.get(link, follow=True).content.decode()
        clock.shift(timedelta(minutes=2))

        late = Client().get(link, follow=True)

    assert "older than three days" in late.content.decode()


@pytest.mark.parametrize(
    ("uid", "token"),
    [("x", "y"), ("MQ", "a-b"), ("OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "a-b"), ("gA", "a")],
)
def test_invented_link_is_answered_calmly(client, uid, token):
    answer = client.get(reverse("admin:set_password", args=[uid, token]))

    assert answer.status_code == 200
    assert "used before" in answer.content.decode()


def test_link_of_one_account_opens_no_other(client):
    mine, other = StaffFactory(), StaffFactory()
    uid = urlsafe_base64_encode(force_bytes(other.pk))

    token = default_token_generator.make_token(mine)
    answer = client.get(reverse("admin:set_password", args=[uid, token]), follow=True)

    assert "used before" in answer.content.decode()


def test_weak_password_is_refused_with_a_reason(client):
    author = StaffFactory()

    answer = choose_password(client, link_for(author), "password")

    assert "too common" in answer.content.decode()
    author.refresh_from_db()
    assert author.check_password(PASSWORD)


@pytest.mark.parametrize("page", [SIGN_IN, ASK, SENT, "link"])
def test_pages_before_the_sign_in_are_kept_by_nobody(client, page):
    address = link_for(StaffFactory()) if page == "link" else page

    answer = client.get(address, follow=True)

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"


def test_sign_in_page_takes_no_name_from_the_host_header(client):
    page = client.get(SIGN_IN, headers={"host": "blog.example.com"}).content.decode()

    assert "Pennypost" in page
    assert "blog.example.com" not in page


# --- Invitations ---


def invite(client, **fields):
    data = form_of(client.get(INVITE), "author_form")
    return client.post(INVITE, data | fields, follow=True)


def group_named(name):
    from django.contrib.auth.models import Group

    return Group.objects.get(name=name)


def test_editor_invites_an_author(client):
    client.force_login(StaffFactory(role="Editor"))

    response = invite(
        client, display_name="Ole", email="Ole@Example.com", role=group_named("Author").pk
    )

    ole = Author.objects.get(display_name="Ole")
    assert (ole.username, ole.is_staff, ole.is_superuser) == ("ole@example.com", True, False)
    assert not ole.has_usable_password()
    assert [group.name for group in ole.groups.all()] == ["Author"]
    assert [(row.kind, row.author) for row in AccountMail.objects.all()] == [("invitation", ole)]
    assert "A mail is on its way to" in response.content.decode()


@pytest.mark.parametrize("role", ["Editor", "Newsletter manager"])
def test_editor_invites_nobody_who_may_more_than_a_writer(client, role):
    client.force_login(StaffFactory(role="Editor"))

    invite(
        client,
        display_name="Ole",
        email="ole@example.com",
        role=group_named(role).pk,
        is_superuser="on",
    )

    assert not Author.objects.filter(display_name="Ole").exists()


def test_administrator_invites_anybody(client):
    client.force_login(AdministratorFactory())

    invite(client, display_name="Ole", email="ole@example.com", role=group_named("Editor").pk)

    assert Author.objects.get(display_name="Ole").has_perm("blog.change_any_post")


@pytest.mark.parametrize("email", ["ole@example.com", "OLE@example.com", ""])
def test_address_of_another_account_is_not_invited_again(client, email):
    client.force_login(AdministratorFactory())
    AuthorFactory(email="ole@example.com")

    response = invite(client, display_name="Ole", email=email, role=group_named("Author").pk)

    assert "email" in response.context["adminform"].form.errors
    assert AccountMail.objects.count() == 0


def test_taken_sign_in_name_gets_a_companion(client):
    client.force_login(AdministratorFactory())
    AuthorFactory(username="ole@example.com", email="")

    invite(client, display_name="Ole", email="ole@example.com", role=group_named("Author").pk)

    assert Author.objects.get(display_name="Ole").username.startswith("ole@example.com-")


def test_invited_author_chooses_a_password_and_signs_in(client):
    client.force_login(AdministratorFactory())
    invite(client, display_name="Ole", email="ole@example.com", role=group_named("Author").pk)
    ole = Author.objects.get(display_name="Ole")
    visitor = Client()

    choose_password(visitor, link_for(ole), "another long one")
    sign_in(visitor, "ole@example.com", "another long one")

    assert is_signed_in(visitor)


def test_invitation_is_sent_again_to_those_who_never_came(client):
    client.force_login(StaffFactory(role="Editor"))
    waiting = StaffFactory(last_login=None)
    came = StaffFactory()
    Client().force_login(came)

    for author in (waiting, came):
        client.post(
            reverse("admin:blog_author_changelist"),
            {"action": "invite_again", "index": "0", "_selected_action": [author.pk]},
        )

    assert [mail.author for mail in AccountMail.objects.all()] == [waiting]


def test_two_accounts_cannot_share_an_address(client):
    root = AdministratorFactory()
    client.force_login(root)
    author = AuthorFactory(email="ole@example.com")

    response = client.post(
        admin_url(root), open_form(client, root) | {"email": author.email.upper()}
    )

    assert "email" in response.context["adminform"].form.errors


@pytest.mark.parametrize("website", ["javascript:alert(1)", "data:text/html,x", "ftp://x.example"])
def test_profile_takes_web_addresses_only(client, website):
    me = StaffFactory(role="Author")
    client.force_login(me)

    response = client.post(admin_url(me), open_form(client, me) | {"website": website})

    assert "website" in response.context["adminform"].form.errors
    assert Author.objects.get().website == ""


def test_profile_takes_no_script_for_a_photo(client):
    me = StaffFactory(role="Author")
    client.force_login(me)
    script = SimpleUploadedFile("me.svg", b"<svg onload='alert(1)'/>", "image/png")

    response = client.post(admin_url(me), open_form(client, me) | {"photo": script})

    assert "photo" in response.context["adminform"].form.errors
    assert not Author.objects.get().photo

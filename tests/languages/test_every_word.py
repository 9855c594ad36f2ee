"""No word of ours reaches a page or a mail without passing by the catalogues.

The site speaks a language that puts brackets around every message, and its own texts are Greek: a
Latin word outside brackets was forgotten.
"""

import pytest
from django.contrib import admin
from django.core import mail as post_office
from django.urls import reverse

from blog.models import Author, Category, Post, Site
from blog.tasks import send_account_mail
from newsletter import letters, tokens
from newsletter.models import Consent, Issue, Subscriber, Terms
from newsletter.tasks import send_notices
from tests.languages.greek import furnish
from tests.languages.pseudo import bracketed, untranslated, untranslated_text
from tests.lasting import lasting_rows

pytestmark = pytest.mark.django_db

OURS = {"blog", "newsletter"}
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(autouse=True)
def language():
    with bracketed():
        yield


@pytest.fixture(scope="module")
def house(django_db_setup, django_db_blocker):
    with lasting_rows(django_db_blocker):
        with bracketed():
            furnish()
        yield


@pytest.fixture
def boss(house, client):
    boss = Author.objects.get(username="άννα")
    client.force_login(boss)
    return boss


def forgotten(client, paths) -> dict[str, list[str]]:
    found = {}
    for path in paths:
        response = client.get(path)
        assert response.status_code in {200, 302, 403, 404}, (path, response.status_code)
        page = b"".join(response) if response.streaming else response.content
        if words := untranslated(page.decode()):
            found[path] = words
    return found


def test_public_pages_have_no_word_of_their_own(client, boss):
    client.logout()
    reader = Subscriber.objects.filter(status="active").first()
    asked = Consent.objects.filter(subscriber__status="pending", event="requested").first()
    links = [
        reverse("newsletter:preferences", args=[reader.token]),
        reverse("newsletter:unsubscribe", args=[reader.token]),
        reverse("newsletter:data", args=[tokens.DATA.token_for(reader.data_key)]),
        reverse("newsletter:confirm", args=[tokens.CONFIRM.token_for(asked.pk)]),
        reverse("newsletter:confirm", args=["worn-out"]),
    ]
    post = Post.objects.get(title="Αρχή")
    paths = [
        "/", "/?page=2", "/nowhere/", "/categories/", "/archive/", "/newsletter/",
        "/newsletter/check-your-inbox/", "/terms/", "/terms/1/", "/terms/4/", "/privacy/",
        f"/archive/{post.published_at.year}/",
        f"/archive/{post.published_at.year}/{post.published_at.month}/",
        post.get_absolute_url(), post.author.get_absolute_url(),
        *[category.get_absolute_url() for category in Category.objects.all()],
        *[issue.get_absolute_url() for issue in Issue.objects.public()],
        "/search/", "/search/?q=Τίτλος", "/search/?q=ωωω",
        *links,
    ]  # fmt: skip

    assert forgotten(client, paths) == {}


def test_empty_site_has_no_word_of_its_own(client):
    Site.objects.update_or_create(pk=1, defaults={"name": "Ηχώ", "signups_open": False})
    paths = ["/", "/categories/", "/archive/", "/newsletter/", "/terms/", "/privacy/"]

    assert forgotten(client, paths) == {}


def test_newsroom_has_no_word_of_its_own(client, boss):
    paths = ["/admin/", "/admin/password_change/"]
    # Groups, permissions and tasks are rows and models of others.
    ours = [model for model in admin.site._registry if model._meta.app_label in OURS]
    for model in ours:
        place = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        paths += [reverse(f"{place}_changelist"), reverse(f"{place}_add")]
        for row in model._default_manager.all()[:2]:
            paths += [
                reverse(f"{place}_{page}", args=[row.pk])
                for page in ("change", "history", "delete")
            ]
    reader = Subscriber.objects.filter(status="active").first()
    running = Issue.objects.get(subject="Εν κινήσει")
    draft = Issue.objects.get(subject="Τεύχος")
    editable = [issue for issue in Issue.objects.all() if issue.is_editable]
    for name, row in {"proof": reader, "unsubscribe": reader, "erase": reader}.items():
        paths.append(reverse(f"admin:newsletter_subscriber_{name}", args=[row.pk]))
    paths += [
        reverse("admin:newsletter_issue_progress", args=[running.pk]),
        reverse("admin:newsletter_issue_progress", args=[running.pk]) + "?show=failed",
        *[reverse("admin:newsletter_issue_send", args=[issue.pk]) for issue in editable],
        reverse("admin:newsletter_issue_send", args=[draft.pk]) + "?look=text",
        *[
            reverse(f"admin:newsletter_subscriber_{name}")
            for name in ("numbers", "import", "imports")
        ],
        reverse("admin:newsletter_terms_publish", args=[Terms.objects.get(version="3").pk]),
        reverse("admin:blog_category_merge") + "?from=" + str(Category.objects.first().pk),
    ]

    found = forgotten(client, paths)

    assert found == {}


def test_mails_have_no_word_of_their_own(boss):
    send_notices.call()
    send_account_mail.call()

    sent = post_office.outbox
    found = {
        message.subject: words
        for message in sent
        if (words := [*untranslated_text(message.subject), *untranslated_text(message.body)])
        or (words := untranslated(message.alternatives[0].content))
    }
    assert len({message.body.partition("⟧")[0] for message in sent}) > 1
    assert len(sent) > 10
    assert found == {}


def test_mail_of_an_issue_has_no_word_of_its_own(boss):
    for shows in Issue.Shows:
        issue = Issue.objects.get(subject="Τεύχος")
        issue.shows = shows
        issue.save()

        mail = letters.compose(issue).mail

        assert untranslated(mail.html) == []
        assert untranslated_text(mail.text) == []


# What the browser sends for the rows of links, where there are none.
NO_LINKS = {
    f"{place}-{count}_FORMS": 0
    for place in ("links", "links-2", "links-3")
    for count in ("TOTAL", "INITIAL")
}


def test_forms_that_come_back_have_no_word_of_their_own(client, boss):
    sign_up = client.post("/newsletter/subscribe/", {"email": "nobody"}, headers=FROM_HERE)
    post = client.post(reverse("admin:blog_post_add"), {"published_at_0": "x", "status": "x"})
    digest = client.post(reverse("admin:newsletter_digest_add"), {})
    address = reverse("admin:blog_site_change", args=[1])
    site = client.post(address, NO_LINKS | {"sender_email": "x"})

    for response in (sign_up, post, digest, site):
        assert response.status_code in {200, 400}
        assert untranslated(response.content.decode()) == []

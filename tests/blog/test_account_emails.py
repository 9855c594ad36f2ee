"""Mail about an account: an invitation, a way back in, and what nobody gets."""

import re

import pytest

from blog.models import AccountMail
from blog.tasks import send_account_mail
from tests.factories import AuthorFactory, SiteFactory

pytestmark = pytest.mark.django_db

KINDS = AccountMail.Kind.values


@pytest.fixture(autouse=True)
def site():
    return SiteFactory(name="The Wire")


def outcome() -> tuple[str, str]:
    return AccountMail.objects.values_list("status", "reply").get()


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("invitation", "You are invited to write for The Wire"),
        ("reset", "A new password for The Wire"),
    ],
)
def test_mail_leads_to_a_page_where_a_password_is_chosen(client, mailoutbox, kind, subject):
    author = AuthorFactory(username="ada", email="ada@example.com")
    AccountMail.objects.create(kind=kind, author=author)

    send_account_mail.call()

    [mail] = mailoutbox
    assert (mail.subject, mail.to) == (subject, ["ada@example.com"])
    html = mail.alternatives[0].content
    [link] = set(re.findall(r"https://blog\.example\.com(/admin/password/[^\s\"<]+)", mail.body))
    for part in (mail.body, html):
        assert f"https://blog.example.com{link}" in part
        assert "sign in as ada" in " ".join(part.split())
        assert "works once, for 3 days" in " ".join(part.split())
    page = client.get(link, follow=True)
    assert "New password" in page.text
    assert outcome() == ("sent", "")


@pytest.mark.parametrize("kind", KINDS)
def test_address_without_an_active_account_gets_no_mail(mailoutbox, kind):
    AccountMail.objects.create(kind=kind, author=None)
    AccountMail.objects.create(kind=kind, author=AuthorFactory(is_active=False))
    AccountMail.objects.create(kind=kind, author=AuthorFactory(email=""))

    send_account_mail.call()

    assert mailoutbox == []
    assert set(AccountMail.objects.values_list("status", "reply")) == {
        ("skipped", "No active account has this address.")
    }


def test_more_mails_than_one_task_takes_are_sent_by_the_next(mailoutbox, monkeypatch):
    monkeypatch.setattr("blog.tasks.MAILS", 2)
    for number in range(3):
        AccountMail.objects.create(
            kind="reset", author=AuthorFactory(email=f"a{number}@example.com")
        )

    looked_at = [send_account_mail.call(), send_account_mail.call()]

    assert looked_at == [2, 1]
    assert len(mailoutbox) == 3

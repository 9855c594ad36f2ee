"""The newsroom as a whole: its pages open, and only for those who work there."""

import pytest
from django.urls import reverse
from django.utils.html import escape

from tests.factories import (
    AdministratorFactory,
    CategoryFactory,
    DraftFactory,
    PostFactory,
    SubscriberFactory,
    TermsFactory,
)

pytestmark = pytest.mark.django_db

ROOMS = [
    "blog_post",
    "blog_category",
    "blog_author",
    "blog_redirect",
    "blog_accountmail",
    "newsletter_terms",
    "newsletter_subscriber",
    "newsletter_notice",
]


@pytest.mark.parametrize("room", ROOMS)
def test_list_opens_for_an_administrator(client, room):
    client.force_login(AdministratorFactory())
    DraftFactory(categories=[CategoryFactory()])
    PostFactory()
    SubscriberFactory()

    response = client.get(reverse(f"admin:{room}_changelist"))

    assert response.status_code == 200
    assert b'id="changelist"' in response.content


@pytest.mark.parametrize("factory", [DraftFactory, PostFactory, CategoryFactory, TermsFactory])
def test_form_opens_for_an_administrator(client, factory):
    client.force_login(AdministratorFactory())
    row = factory()
    model = f"{row._meta.app_label}_{row._meta.model_name}"

    response = client.get(reverse(f"admin:{model}_change", args=[row.pk]))

    assert response.status_code == 200
    assert escape(str(row)) in response.content.decode()


def test_site_has_one_form_and_no_list(client):
    client.force_login(AdministratorFactory())

    response = client.get(reverse("admin:blog_site_changelist"), follow=True)

    assert response.redirect_chain == [(reverse("admin:blog_site_change", args=[1]), 302)]
    assert "Pennypost" in response.content.decode()

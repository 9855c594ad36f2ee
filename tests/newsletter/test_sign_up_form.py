"""The form on every public page, as it is first seen and as it comes back."""

import re

import pytest
from django import forms
from django.template.loader import render_to_string

from blog.models import Site
from tests.factories import SiteFactory, TermsFactory

pytestmark = pytest.mark.django_db


class SignUpForm(forms.Form):
    email = forms.EmailField()
    agreed_to_terms = forms.BooleanField()


def came_back(client, **data):
    """The form as it returns to somebody who sent `data`."""
    context = {
        "site": Site.current(),
        "current_terms": TermsFactory(version="1"),
        "form": SignUpForm(data),
    }
    return render_to_string("newsletter/_sign_up.html", context)


def field(html, name):
    (found,) = re.findall(rf'<input [^>]*name="{name}"[^>]*>', html)
    return found


def test_form_asks_for_an_address_and_an_agreement_that_is_not_given_yet(client):
    TermsFactory(version="1")

    page = client.get("/").text

    assert "Sign up for our newsletter" in page
    assert '<form method="post" action="/newsletter/subscribe/">' in page
    assert 'type="email" autocomplete="email"' in field(page, "email")
    assert " required" in field(page, "email")
    assert 'type="checkbox"' in field(page, "agreed_to_terms")
    assert " required" in field(page, "agreed_to_terms")
    assert "checked" not in page
    assert (
        '<label for="sign-up-terms">I have read and agree to the '
        '<a href="/terms/1/">terms &amp; conditions</a></label>'
    ) in page
    assert 'type="hidden" name="terms_version" value="1"' in page


def test_trap_for_robots_is_out_of_peoples_way(client):
    TermsFactory()

    page = client.get("/").text

    assert '<div class="trap" aria-hidden="true">' in page
    assert 'tabindex="-1" autocomplete="off"' in field(page, "website")


def test_closed_sign_ups_leave_a_sentence(client):
    TermsFactory()
    SiteFactory(signups_open=False)

    page = client.get("/").text

    assert "Sign-ups are closed at the moment" in page
    assert "<form" not in page


def test_without_terms_nobody_can_agree(client):
    page = client.get("/").text

    assert "Sign-ups are closed at the moment" in page
    assert "<form" not in page


def test_every_error_stands_beneath_its_field(client):
    html = came_back(client, email="not an address")

    email, box = field(html, "email"), field(html, "agreed_to_terms")
    assert 'value="not an address"' in email
    assert 'aria-invalid="true" aria-describedby="sign-up-email-error" autofocus' in email
    assert 'aria-invalid="true" aria-describedby="sign-up-terms-error"' in box
    assert "autofocus" not in box
    errors = re.findall(r'<p class="error" id="([^"]+)"><svg.+?</svg>\s*([^<]+)</p>', html, re.S)
    assert errors == [
        ("sign-up-email-error", "Enter a valid email address."),
        ("sign-up-terms-error", "This field is required."),
    ]


def test_box_that_was_ticked_stays_ticked_while_the_address_is_mended(client):
    box = field(
        came_back(client, email="not an address", agreed_to_terms="true"), "agreed_to_terms"
    )

    assert " checked" in box
    assert "aria-invalid" not in box


def test_hostile_address_comes_back_as_text(client):
    html = came_back(client, email='"><script>alert(1)</script>')

    assert "<script>" not in html

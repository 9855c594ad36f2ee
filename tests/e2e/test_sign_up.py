"""From the form under a post to the mail, and out of the newsletter again."""

from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from playwright.sync_api import Page, expect

from newsletter.models import Subscriber
from tests.e2e.magazine import furnish, member
from tests.e2e.people import fill_sign_up, press, sign_in, skip_browser_checks
from tests.newsletter.flows import send_mail


def test_reader_signs_up_confirms_chooses_and_leaves(page: Page, newsroom: Page, mailoutbox: Any):
    furnish()
    heading = page.get_by_role("heading", level=1)

    page.goto("/posts/on-reading/")
    fill_sign_up(page, "mara@example.com")
    press(page, "Sign up")
    expect(heading).to_have_text("Check your inbox")
    send_mail()
    [mail] = mailoutbox
    subscriber = Subscriber.objects.get(email="mara@example.com")

    _open(page, mail)
    page.get_by_role("link", name="Confirm my subscription").click()
    expect(heading).to_have_text("Confirm your subscription")
    assert _status(subscriber) == "pending"
    press(page, "Confirm my subscription")
    expect(heading).to_have_text("You are subscribed")
    assert _status(subscriber) == "active"

    page.get_by_role("link", name="choose what you receive").click()
    expect(heading).to_have_text("What you receive")
    page.get_by_label("Only what is about").check()
    page.get_by_label("Rest").check()
    press(page, "Save")
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.get_by_label("Rest")).to_be_checked()
    expect(page.get_by_label("Slow Work")).not_to_be_checked()

    page.get_by_role("link", name="Unsubscribe").click()
    expect(heading).to_have_text("Unsubscribe")
    assert _status(subscriber) == "active"
    press(page, "Unsubscribe")
    expect(heading).to_have_text("You are unsubscribed")
    assert _status(subscriber) == "unsubscribed"

    sign_in(newsroom, *member("Newsletter manager"))
    newsroom.goto(f"/admin/newsletter/subscriber/{subscriber.pk}/change/")
    history = newsroom.get_by_role("main").get_by_role("table")
    expect(history.get_by_role("rowheader")).to_have_text(
        [
            "Unsubscribed",
            "Chose topics",
            "Confirmed by the link in the mail",
            "Agreed to the terms & conditions",
            "Asked for the newsletter",
        ]
    )
    expect(history).to_contain_text("I have read and agree to the terms & conditions")


def test_browser_itself_asks_for_the_box(page: Page):
    furnish()
    page.goto("/posts/on-reading/")

    page.get_by_label("E-mail").fill("mara@example.com")
    press(page, "Sign up")

    expect(page.get_by_label("I have read and agree")).to_be_focused()
    expect(page).to_have_url("/posts/on-reading/")


def test_box_not_ticked_brings_the_form_back(page: Page):
    furnish()
    page.goto("/posts/on-reading/")
    email, box = page.get_by_label("E-mail"), page.get_by_label("I have read and agree")

    email.fill("mara@example.com")
    skip_browser_checks(page)
    with page.expect_response("**/newsletter/subscribe/") as answer:
        press(page, "Sign up")

    assert answer.value.status == 400
    expect(email).to_have_value("mara@example.com")
    expect(email).not_to_have_attribute("aria-invalid", "true")
    expect(box).not_to_be_checked()
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(box).to_have_accessible_description(
        "Please tick the box: without your agreement we may not write to you."
    )
    expect(box).to_be_focused()
    error = page.get_by_text("Please tick the box")
    expect(error).to_be_in_viewport(ratio=1)
    assert error.bounding_box()["y"] - box.bounding_box()["y"] < 100
    assert not Subscriber.objects.filter(email="mara@example.com").exists()

    box.check()
    press(page, "Sign up")

    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")
    assert Subscriber.objects.filter(email="mara@example.com").exists()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_reader_signs_up_without_scripts(page: Page):
    furnish()

    page.goto("/posts/on-reading/")
    fill_sign_up(page, "mara@example.com")
    press(page, "Sign up")

    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")
    assert Subscriber.objects.get(email="mara@example.com").status == "pending"


def _open(page: Page, mail: EmailMultiAlternatives) -> None:
    """Show a mail as a mail program does: away from our pages and their headers."""
    [html] = [part.content for part in mail.alternatives if part.mimetype == "text/html"]
    page.goto("about:blank")
    page.set_content(html)


def _status(subscriber: Subscriber) -> str:
    subscriber.refresh_from_db()
    return subscriber.status

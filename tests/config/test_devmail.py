"""The development mailbox shows what was sent, and is not there on a real site."""

import pytest
from django.core.mail import EmailMultiAlternatives

from config.mailbox import MailboxBackend

pytestmark = pytest.mark.django_db  # the page for what is not found asks for the site

HTML = (
    '<html><head><style>p{color:red}</style></head><body><p>Hello <a href="/x">you</a></p></body>'
)


@pytest.fixture
def keep(settings, tmp_path):
    """Keeps one mail as the site does, and gives the name it has in the mailbox."""
    settings.MAILBOX_DIR = tmp_path

    def keep(subject: str, html: str = HTML) -> str:
        message = EmailMultiAlternatives(
            subject,
            "Hello, see https://blog.example.com/confirm/",
            "a@example.com",
            ["b@example.com"],
        )
        if html:
            message.attach_alternative(html, "text/html")
        before = {*tmp_path.iterdir()}
        MailboxBackend(folder=str(tmp_path), alias="default").send_messages([message])
        [new] = {*tmp_path.iterdir()} - before
        return new.stem

    return keep


def test_mailbox_is_not_there_without_debug(client):
    assert [client.get(path).status_code for path in ("/mailbox/", "/mailbox/x/")] == [404, 404]


@pytest.mark.urls("tests.config.mailbox_urls")
class TestMailbox:
    def test_newest_mail_comes_first(self, client, keep):
        keep("The first <b>letter</b>")
        keep("Grüße aus Köln")

        page = client.get("/mailbox/").content.decode()

        assert page.index("Grüße aus Köln") < page.index("The first &lt;b&gt;letter")
        assert page.count("to b@example.com") == 2
        assert "<b>" not in page

    def test_empty_mailbox_says_how_to_fill_it(self, client, settings, tmp_path):
        settings.MAILBOX_DIR = tmp_path / "none"

        assert "Sign up for the newsletter" in client.get("/mailbox/").content.decode()

    def test_mail_shows_headers_text_and_frame(self, client, keep):
        name = keep("Please confirm")

        page = client.get(f"/mailbox/{name}/").content.decode()

        assert "<dd>b@example.com</dd>" in page
        assert '<a href="https://blog.example.com/confirm/"' in page
        assert f'<iframe src="/mailbox/{name}/html/"' in page
        assert "style=" not in page

    def test_html_part_may_have_styles_but_no_scripts(self, client, keep):
        name = keep("Styled")

        answer = client.get(f"/mailbox/{name}/html/")

        assert answer.content.decode().startswith('<html><head><base target="_blank"><style>')
        assert answer["X-Frame-Options"] == "SAMEORIGIN"
        assert answer["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
            "frame-ancestors 'self'"
        )

    def test_mail_without_html_has_no_frame(self, client, keep):
        name = keep("Plain", html="")

        page = client.get(f"/mailbox/{name}/").content.decode()

        assert "<iframe" not in page
        assert client.get(f"/mailbox/{name}/html/").status_code == 404

    def test_mail_can_be_downloaded_as_sent(self, client, keep, settings):
        name = keep("Raw")

        answer = client.get(f"/mailbox/{name}/raw/")

        assert answer.getvalue() == (settings.MAILBOX_DIR / f"{name}.eml").read_bytes()
        assert answer["Content-Type"] == "message/rfc822"
        assert answer["Content-Disposition"] == f'attachment; filename="{name}.eml"'

    @pytest.mark.parametrize("name", ["nothing", "..%2f..%2fpennypost", "%00"])
    def test_no_other_file_is_reached(self, name, client, keep):
        keep("One")

        assert client.get(f"/mailbox/{name}/").status_code == 404

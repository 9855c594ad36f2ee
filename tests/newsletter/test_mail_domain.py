"""Signing issues, and what the DNS says about the site's mail."""

import subprocess

import dkim
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from newsletter import addresses, dns_records, signing, trial
from newsletter.models import Subscriber
from tests.factories import AuthorFactory, IssueFactory, SiteFactory, SubscriberFactory
from tests.newsletter.sending import send, started
from tests.smtp import Sink, running

GOOD = {
    "blog.example.com": ["v=spf1 mx -all", "something else"],
    "mail._domainkey.blog.example.com": ["v=DKIM1; k=rsa; p=MIGf"],
    "_dmarc.blog.example.com": ["v=DMARC1; p=none"],
}


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """A fresh key: its file, and the record that belongs to it."""
    file = tmp_path_factory.mktemp("key") / "dkim.pem"
    subprocess.run(["openssl", "genrsa", "-out", file, "1024"], check=True, capture_output=True)
    public = subprocess.run(
        ["openssl", "rsa", "-in", file, "-pubout"], check=True, capture_output=True, text=True
    ).stdout
    body = "".join(line for line in public.splitlines() if "-----" not in line)
    return file, f"v=DKIM1; k=rsa; p={body}".encode()


@pytest.fixture
def records(monkeypatch):
    """The DNS, as a test says it is."""

    def hold(entries):
        monkeypatch.setattr(dns_records, "texts", lambda name: entries.get(name, []))

    return hold


@pytest.fixture(autouse=True)
def selector(settings):
    settings.DKIM_DOMAIN = "blog.example.com"
    settings.DKIM_SELECTOR = "mail"


@pytest.fixture
def domain():
    return SiteFactory(sender_email="hello@blog.example.com")


def check(capsys):
    """What the command says, and whether all is well."""
    try:
        call_command("check_mail_dns")
    except CommandError:
        return capsys.readouterr().out, False
    return capsys.readouterr().out, True


@pytest.mark.django_db
def test_issue_is_signed_with_both_unsubscribe_headers(settings, key, domain):
    settings.DKIM_KEY = str(key[0])
    with running(Sink(), settings) as sink:
        settings.MAILERS["default"]["OPTIONS"] |= {"username": "", "password": ""}
        SubscriberFactory(email="reader@example.com")
        started(0)
        send()

    [(_, mail)] = sink.taken
    covered = mail["DKIM-Signature"].replace(" ", "").partition(";h=")[2].partition(";")[0]
    assert {"list-unsubscribe", "list-unsubscribe-post", "from"} <= set(covered.split(":"))


def test_signature_holds_and_breaks_with_the_link(settings, key):
    file, record = key
    settings.DKIM_KEY = str(file)
    mail = (
        b"From: a@blog.example.com\r\nTo: b@example.com\r\nSubject: Hello\r\n"
        b"List-Unsubscribe: <https://blog.example.com/u/>\r\n"
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nWords.\r\n"
    )

    signed = signing.signed(mail)

    assert dkim.verify(signed, dnsfunc=lambda *args, **kwargs: record)
    changed = signed.replace(b"example.com/u/", b"example.net/u/")
    assert not dkim.verify(changed, dnsfunc=lambda *args, **kwargs: record)


class Wire(Sink):
    """Keeps the bytes of what came in, which a parser would make tidier."""

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.bytes = envelope.content
        return await super().handle_DATA(server, session, envelope)


def without_what_differs(mail):
    """An issue's bytes without what is another in each mail, or says that it is a test."""
    lines = [
        line
        for line in mail.replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ").split(b"\r\n")
        if not line.startswith((b"Date:", b"Message-ID:", b"DKIM-Signature:"))
    ]
    token = Subscriber.objects.get().token.encode()
    return b"\r\n".join(lines).replace(b"[Test] ", b"").replace(token, trial.TOKEN.encode())


@pytest.mark.django_db
def test_test_mail_is_the_issues_own_bytes_and_signed_like_it(settings, key, domain):
    file, record = key
    settings.DKIM_KEY = str(file)
    reader = SubscriberFactory(email="reader@example.com")
    with running(Wire(), settings) as sink:
        settings.MAILERS["default"]["OPTIONS"] |= {"username": "", "password": ""}
        issue = started(0, subject="News", body="Hello {{ email }}.\n\n.\n\nFrom here, " + "ä" * 90)
        send()
        of_the_issue = sink.bytes
        trial.send_test(issue, addresses.parse(reader.email), AuthorFactory())
        of_the_test = sink.bytes

    for mail in (of_the_issue, of_the_test):
        assert dkim.verify(mail, dnsfunc=lambda *args, **kwargs: record)
    assert b"Subject: [Test] News" in of_the_test
    assert without_what_differs(of_the_test) == without_what_differs(of_the_issue)


@pytest.mark.django_db
def test_test_mail_with_a_key_that_cannot_be_read_says_so(settings, tmp_path):
    settings.DKIM_KEY = str(tmp_path / "nowhere.pem")

    with pytest.raises(trial.NotSentError, match="DKIM_KEY cannot be read"):
        trial.send_test(IssueFactory(), addresses.parse("a@example.com"), AuthorFactory())


def test_mail_of_a_site_without_a_key_stays_as_it_is():
    assert signing.signed(b"From: a@example.com\r\n\r\n") == b"From: a@example.com\r\n\r\n"


def test_key_that_signs_is_taken(settings, key):
    settings.DKIM_KEY = str(key[0])

    signing.check()


def test_key_without_the_name_of_its_public_half_is_refused(settings, key):
    settings.DKIM_KEY, settings.DKIM_SELECTOR = str(key[0]), ""

    with pytest.raises(ImproperlyConfigured, match="needs DKIM_SELECTOR"):
        signing.check()


@pytest.mark.parametrize(
    "content",
    ["", "no key", "-----BEGIN RSA PRIVATE KEY-----\nTm8=\n-----END RSA PRIVATE KEY-----"],
)
def test_file_that_holds_no_key_is_refused(settings, tmp_path, content):
    file = tmp_path / "dkim.pem"
    file.write_text(content)
    settings.DKIM_KEY = str(file)

    with pytest.raises(ImproperlyConfigured, match="holds no private key"):
        signing.check()


@pytest.mark.django_db
def test_domain_that_says_all_is_good(records, domain, capsys):
    records(GOOD)

    said, is_good = check(capsys)

    assert is_good
    assert "missing" not in said
    assert said.count("good") == 4


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"blog.example.com": []}, "does not say who may send its mail"),
        ({"blog.example.com": ["v=spf1 -all", "v=spf1 mx -all"]}, "2 SPF records, so none counts"),
        ({"blog.example.com": ["v=spf1 +all"]}, "lets anybody send its mail"),
        ({"blog.example.com": ["v=spf1 mx"]}, "does not end with"),
        ({"mail._domainkey.blog.example.com": []}, "There is no key at mail._domainkey"),
        ({"mail._domainkey.blog.example.com": ["v=DKIM1; p="]}, "it was withdrawn"),
        ({"_dmarc.blog.example.com": []}, "Add a TXT record at _dmarc.blog.example.com"),
        ({"_dmarc.blog.example.com": ["v=DMARC1; p=maybe"]}, "names no p=none"),
    ],
)
def test_what_is_missing_is_explained(records, domain, capsys, changed, sentence):
    records(GOOD | changed)

    said, is_good = check(capsys)

    assert not is_good
    assert sentence in said


@pytest.mark.django_db
def test_policy_of_the_parent_domain_counts(records, domain, capsys):
    entries = GOOD | {"_dmarc.blog.example.com": [], "_dmarc.example.com": ["v=DMARC1; p=reject"]}
    records(entries)

    assert check(capsys)[1]


@pytest.mark.django_db
def test_foreign_signature_and_envelope_are_not_aligned(records, domain, settings, capsys):
    settings.DKIM_DOMAIN = "service.example.net"
    settings.BOUNCE_ADDRESS = "bounces@service.example.net"
    records(
        GOOD
        | {
            "mail._domainkey.service.example.net": ["p=x"],
            "service.example.net": ["v=spf1 mx -all"],
        }
    )

    said, is_good = check(capsys)

    assert not is_good
    assert "Sign it with a key of blog.example.com" in said

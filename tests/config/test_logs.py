import json
import logging

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import path

from config import urls
from config.logs import AddRequestId, JsonFormatter, TextFormatter
from tests.factories import TermsFactory


def record(message):
    made = logging.LogRecord("django.request", logging.WARNING, "", 0, message, None, None)
    made.request_id = "1f2e3d"
    return made


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_log_line_stays_one_line(formatter):
    line = formatter.format(record("Not Found: /a\r\nERROR forged \x1b[31m\u2028x"))

    assert len(line.splitlines()) == 1
    assert "\x1b" not in line


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
@pytest.mark.parametrize(
    "page",
    [
        "/newsletter/confirm/",
        "/newsletter/preferences/",
        "/newsletter/unsubscribe/",
        "/newsletter/data/",
        "/newsletter/address/",
        "/admin/password/Mg/",
    ],
)
def test_log_line_masks_link_tokens(formatter, page):
    line = formatter.format(record(f"Not Found: {page}s3cret-T0ken/"))

    assert "s3cret" not in line
    assert page in line


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
@pytest.mark.parametrize(
    "path",
    [
        "/newsletter/unsubscribe/ s3cret-T0ken/",
        "/newsletter/unsubscribe/%20s3cret-T0ken/",
        "/newsletter/unsubscribe/\ns3cret-T0ken/",
        "/newsletter/unsubscribe//s3cret-T0ken/",
        "/newsletter//unsubscribe/s3cret-T0ken/",
        "/newsletter/Confirm/s3cret-T0ken/",
        "/NEWSLETTER/DATA/s3cret-T0ken/",
        "/newsletter/data/'s3cret-T0ken'",
        '/newsletter/address/"s3cret-T0ken/',
        "/newsletter/preferences/= s3cret-T0ken/",
        "/Admin/password//Mg/s3cret-T0ken/",
        "/admin/password/Mg/ s3cret-T0ken/",
    ],
)
def test_log_line_masks_tokens_of_mangled_links(formatter, path):
    line = formatter.format(record(f"Not Found: {path}"))

    assert "s3cret" not in line
    assert "…" in line or "\\u2026" in line


def test_json_line_names_the_request():
    line = json.loads(JsonFormatter().format(record("Hello")))

    assert (line["request"], line["message"], line["level"]) == ("1f2e3d", "Hello", "WARNING")


@pytest.mark.django_db
def test_line_of_a_missing_page_names_the_request(client, caplog):
    naming = AddRequestId()
    caplog.handler.addFilter(naming)

    answer = client.get("/nowhere/")

    caplog.handler.removeFilter(naming)
    [line] = [line for line in caplog.records if "/nowhere/" in line.getMessage()]
    assert line.request_id == answer["X-Request-Id"]


def refuse(request):
    raise PermissionDenied


def fail(request):
    raise ZeroDivisionError


urlpatterns = [path("refused/", refuse), path("failed/", fail), *urls.urlpatterns]


@pytest.mark.django_db
@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("asked", "host", "status", "has_traceback"),
    [
        ("/refused/", "testserver", 403, False),
        ("/refused/", "evil.example", 400, False),
        ("/failed/", "testserver", 500, True),
    ],
)
def test_only_a_fault_of_our_own_leaves_a_traceback(
    client, caplog, asked, host, status, has_traceback
):
    client.raise_request_exception = False

    answer = client.get(asked, headers={"host": host})

    assert answer.status_code == status
    assert [bool(line.exc_info) for line in caplog.records] == [has_traceback]


FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=part"
FILE = b'--part\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n\r\n'


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"a=1&" * 5000, FORM), (FILE * 200 + b"--part--", PARTS)],
    ids=["fields", "files"],
)
def test_form_that_no_browser_sends_leaves_no_traceback(client, caplog, body, content_type):
    TermsFactory()

    answer = client.post(
        "/newsletter/subscribe/",
        body,
        content_type=content_type,
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    assert answer.status_code == 400
    lines = [line for line in caplog.records if line.levelno >= logging.WARNING]
    assert lines
    assert [line.exc_info for line in lines] == [None] * len(lines)

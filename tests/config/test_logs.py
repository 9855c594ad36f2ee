import json
import logging

import pytest

from config.logs import JsonFormatter, TextFormatter


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
def test_wrong_host_is_one_line_in_the_log(client, caplog):
    client.raise_request_exception = False

    answer = client.get("/", headers={"host": "evil.example"})

    assert answer.status_code == 400
    lines = [line for line in caplog.records if "evil.example" in line.getMessage()]
    assert [(line.levelname, line.exc_info) for line in lines] == [("ERROR", None)]

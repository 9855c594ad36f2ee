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


def test_json_line_names_the_request():
    line = json.loads(JsonFormatter().format(record("Hello")))

    assert (line["request"], line["message"], line["level"]) == ("1f2e3d", "Hello", "WARNING")

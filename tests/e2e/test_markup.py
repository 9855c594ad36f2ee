"""The source of every kind of page, as the Nu HTML checker reads it; `make quality` brings it."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response

from tests.e2e.test_looks import EACH_KIND, Kind, open_page
from tests.quality.tools import markup_errors

CHECKER = os.environ.get("VNU_JAR")


@pytest.mark.skipif(not CHECKER, reason="needs the Nu HTML checker; `make quality` has it")
@EACH_KIND
def test_page_is_valid_html(page: Page, kind: Kind):
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))

    open_page(page, kind)

    pages = [answer for answer in answers if answer.request.is_navigation_request()]
    assert markup_errors(Path(CHECKER), pages[-1].text()) == []

"""What was changed in one process is served by all others at the next request."""

import os
import time

import pytest

from tests.faults.crowd import Crowd
from tests.faults.editor import text_for
from tests.faults.rig import site

WORKERS = 4
FEW, MANY, CHANGES, SCHEDULED = 60, 500, 10, 3
POST, TERMS, HOME = "/posts/a-post/", "/terms/", "/"
# Whatever changes the public pages, and a page that shows it.
WAYS = {
    "update_many": POST,
    "file_under": POST,
    "rename_category": POST,
    "rename_site": HOME,
    "publish_terms": TERMS,
}
REDIS = os.environ.get("TEST_REDIS_URL", "")
EACH_CACHE = [
    pytest.param("", id="default cache"),
    pytest.param(
        REDIS, id="redis", marks=pytest.mark.skipif(not REDIS, reason="TEST_REDIS_URL names none")
    ),
]


class Newspaper:
    """A site with four web processes, its editor in another, and a crowd that reads it."""

    def __init__(self, made):
        self.made = made
        self.edit(f"begin({CHANGES})")
        self.crowd = Crowd(made.serve(), WORKERS)
        for path in (POST, TERMS, HOME):
            self.crowd.read(path)

    def edit(self, act):
        return self.made.ask(f"import_module('tests.faults.editor').{act}")

    def stale(self, path, text):
        """The answers that do not show the text."""
        return [said for status, said in self.crowd.read(path) if text not in said or status != 200]

    def shows(self, slug):
        """What the answers say: whether there is such a post, and whether the home page has it."""
        pages, lists = self.crowd.read(f"/posts/{slug}/"), self.crowd.read(HOME)
        return {status == 200 for status, _ in pages} | {slug in said for _, said in lists}


@pytest.fixture(scope="module", params=EACH_CACHE)
def newspaper(template, tmp_path_factory, request):
    folder = tmp_path_factory.mktemp("newspaper")
    with site(template, folder, WEB_WORKERS=str(WORKERS), CACHE_URL=request.param) as made:
        yield Newspaper(made)


@pytest.mark.parametrize(
    "corrections",
    [
        pytest.param(FEW, marks=pytest.mark.processes),
        pytest.param(MANY, marks=pytest.mark.long),
    ],
)
def test_correction_is_served_by_every_process(newspaper, corrections):
    stale = 0
    for number in range(corrections):
        text = text_for("correct", number)
        newspaper.edit(f"correct({text!r})")
        stale += len(newspaper.stale(POST, text))

    assert stale == 0


@pytest.mark.processes
@pytest.mark.parametrize("way", WAYS)
def test_change_is_served_by_every_process(newspaper, way):
    stale = 0
    for number in range(CHANGES):
        text = text_for(way, number)
        newspaper.edit(f"{way}({text!r})")
        stale += len(newspaper.stale(WAYS[way], text))

    assert stale == 0


@pytest.mark.processes
def test_scheduled_post_is_there_from_its_moment_on_and_not_before(newspaper):
    early, late = set(), set()
    for number in range(SCHEDULED):
        slug = f"later-{number}"
        due = newspaper.edit(f"schedule({slug!r}, 3)")
        asked = time.time()
        while asked < due:
            asked, answers = time.time(), newspaper.shows(slug)
            if time.time() < due:
                early |= answers
        late |= answers

    assert (early, late) == ({False}, {True})

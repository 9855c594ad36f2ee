import frontmatter
import pytest
import yaml
from django.conf import settings

from blog import images
from config.demo import drawing
from config.demo.covers import COVERS
from config.demo.portraits import PORTRAITS

DEMO = settings.BASE_DIR / "config/demo"


@pytest.fixture(scope="module")
def covers():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "FINE", 1)  # quick and rough will do here
        yield {slug: draw() for slug, draw in COVERS.items()}


def test_every_post_of_the_demo_has_a_cover_and_says_what_it_shows():
    posts = [frontmatter.load(str(path)) for path in DEMO.glob("posts/*.md")]

    assert sorted(COVERS) == sorted(post["slug"] for post in posts)
    assert [post["slug"] for post in posts if not post["cover_alt"]] == []


def test_every_writer_of_the_demo_has_a_portrait():
    writers = yaml.safe_load((DEMO / "site.yaml").read_text())["authors"]

    assert sorted(PORTRAITS) == sorted(writer["slug"] for writer in writers)


def test_covers_differ_and_are_as_large_as_a_page_shows_them(covers):
    assert {image.size for image in covers.values()} == {(1600, 900)}
    assert len({image.tobytes() for image in covers.values()}) == len(COVERS)


def test_cover_is_the_same_each_time_it_is_drawn(covers):
    again = {slug: draw().tobytes() for slug, draw in COVERS.items()}

    assert again == {slug: image.tobytes() for slug, image in covers.items()}


def test_drawing_is_taken_like_an_upload():
    picture = images.reencode(drawing.as_file(PORTRAITS["mara-lindqvist"]()))

    assert (picture.width, picture.height) == (800, 800)

"""Importing again and again, without ever losing what somebody wrote."""

from datetime import UTC, datetime
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from blog.models import Category, Imported, Post
from tests.blog.importing.files import run, run_with_faults, write
from tests.blog.pictures import picture
from tests.factories import AuthorFactory, CategoryFactory, PostFactory

pytestmark = pytest.mark.django_db

EDITED_TWICE = "which was edited here and in the file; --overwrite lets the file win"
LONG_AGO = datetime(2020, 1, 1, 12, tzinfo=UTC)


class TestAuthors:
    def test_author_can_be_named_for_all_files(self, folder):
        author = AuthorFactory(username="tomas")

        run(write(folder / "a.md"), "--author", "tomas")

        assert Post.objects.get().author == author

    def test_unknown_author_is_refused_before_anything_is_read(self, folder):
        with pytest.raises(CommandError, match="There is no author with the username “nobody”"):
            run(write(folder / "a.md"), "--author", "nobody")

    def test_site_without_administrator_needs_an_author(self, folder, administrator):
        administrator.delete()

        said = run_with_faults(write(folder / "a.md"))

        assert said[0] == (
            "failed: a.md: no author is named and the site has no administrator; use --author"
        )


class TestAgain:
    """The same files a second time."""

    MATTER = "title: Hello\nslug: hello\nstatus: published"

    @pytest.fixture
    def file(self, folder):
        file = write(folder / "a.md", self.MATTER)
        with time_machine.travel(LONG_AGO, tick=False):
            run(file)
        return file

    def test_unchanged_file_changes_nothing(self, file):
        before = Post.objects.values().get()

        said = run(file)

        assert said == ["unchanged: a.md → /posts/hello/", "1 unchanged"]
        assert Post.objects.values().get() == before

    def test_changed_file_is_taken_over_and_the_date_of_the_first_import_kept(self, file):
        write(file, self.MATTER, "Good evening.")

        said = run(file)

        post = Post.objects.get()
        assert said[-1] == "1 updated"
        assert post.body == "Good evening."
        assert post.published_at == LONG_AGO

    def test_edited_post_is_kept_where_the_file_is_as_it_was(self, file):
        Post.objects.get().publish()
        Post.objects.update(title="Better")

        said = run(file)

        assert said[-1] == "1 unchanged"
        assert Post.objects.get().title == "Better"

    def test_post_edited_here_and_in_the_file_is_named_and_kept(self, file):
        Post.objects.update(title="Better")
        write(file, self.MATTER, "Good evening.")

        said = run_with_faults(file)

        post = Post.objects.get()
        assert said == [f"kept: a.md → /posts/hello/, {EDITED_TWICE}", "1 kept"]
        assert (post.title, post.body) == ("Better", "Good morning.")

    def test_overwrite_lets_the_file_win(self, file):
        Post.objects.update(title="Better")
        write(file, self.MATTER, "Good evening.")

        said = run(file, "--overwrite")

        post = Post.objects.get()
        assert said[-1] == "1 replaced"
        assert (post.title, post.body) == ("Hello", "Good evening.")
        assert run(file)[-1] == "1 unchanged"

    def test_another_category_is_an_edit_too(self, file):
        Post.objects.get().categories.add(CategoryFactory())
        write(file, self.MATTER, "Good evening.")

        assert run_with_faults(file)[-1] == "1 kept"

    def test_another_language_is_an_edit_too(self, file):
        Post.objects.update(language="de")
        write(file, self.MATTER, "Guten Abend.")

        assert run_with_faults(file)[-1] == "1 kept"

    @pytest.mark.parametrize(
        "edit",
        [{"featured": True}, {"meta_title": "Hi"}, {"meta_description": "Hi"}],
    )
    def test_what_the_file_does_not_name_is_an_edit_too_and_is_left_alone(self, edit, file):
        Post.objects.update(**edit)
        write(file, self.MATTER, "Good evening.")

        kept = run_with_faults(file)[-1]
        run(file, "--overwrite")

        assert kept == "1 kept"
        assert Post.objects.values(*edit).get() == edit

    def test_featured_is_taken_back_where_the_file_says_so(self, file):
        write(file, f"{self.MATTER}\nfeatured: true")
        run(file)
        write(file, f"{self.MATTER}\nfeatured: false")
        run(file)

        assert not Post.objects.get().featured

    def test_file_that_names_no_language_leaves_it_alone(self, file):
        Post.objects.update(language="de")
        write(file, self.MATTER, "Guten Abend.")

        run(file, "--overwrite")

        assert Post.objects.get().language == "de"

    def test_renamed_post_is_still_found(self, file):
        post = Post.objects.get()
        post.slug = "good-day"
        post.save()

        assert run(file) == ["unchanged: a.md → /posts/good-day/", "1 unchanged"]

    def test_post_written_here_is_not_overwritten_by_a_file_with_its_slug(self, folder):
        PostFactory(slug="hello", title="Mine")

        said = run_with_faults(write(folder / "a.md", "title: Yours\nslug: hello"))

        assert said[-1] == "1 kept"
        assert Post.objects.get().title == "Mine"

    def test_cover_is_stored_again_only_if_it_changed(self, folder):
        matter = "title: Hello\ncover: cover.jpg"
        (folder / "cover.jpg").write_bytes(picture())
        file = write(folder / "a.md", matter)
        run(file)
        first = Post.objects.get().cover.name

        write(file, matter, "Good evening.")
        run(file)
        second = Post.objects.get().cover.name
        (folder / "cover.jpg").write_bytes(picture(50, 20))
        run(file)
        third = Post.objects.get()

        assert second == first
        assert third.cover.name != first
        assert (third.cover_width, third.cover_height) == (50, 20)

    def test_dry_run_says_what_would_happen_and_stores_nothing(self, file, folder):
        (folder / "cover.jpg").write_bytes(picture())
        write(file, self.MATTER, "Good evening.")
        write(folder / "b.md", "title: New\ncategories: [Places]\ncover: cover.jpg")
        write(folder / "c.md", "title: 1")
        before = list(Post.objects.values())

        dry = run_with_faults(folder, "--dry-run")
        state = list(Post.objects.values()), Category.objects.count(), Imported.objects.count()
        real = run_with_faults(folder)

        assert state == (before, 0, 1)
        assert dry == [*real[:-1], f"Nothing was stored. It would be: {real[-1]}"]
        assert real[-1] == "1 updated, 1 added, 1 failed"


def test_terminal_shows_a_progress_bar(folder):
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    write(folder / "a.md", "title: A")
    write(folder / "b.md", "title: B")
    out = Terminal()

    call_command("import_posts", str(folder), stdout=out, no_color=True)

    assert "[###############...............] 1/2" in out.getvalue()
    assert out.getvalue().endswith("\r\x1b[K2 added\n")

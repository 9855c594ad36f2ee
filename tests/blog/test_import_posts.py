"""Importing Markdown files, again and again, without ever losing what somebody wrote."""

import os
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from blog.models import Category, Imported, Post
from tests.blog.pictures import picture
from tests.factories import AdministratorFactory, AuthorFactory, CategoryFactory, PostFactory

pytestmark = pytest.mark.django_db

SAMPLE = Path(__file__).parents[1] / "data/mastering-soft-skills.md"
ADDRESS = "/posts/mastering-soft-skills-the-key-to-advancing-in-it/"
EDITED_TWICE = "which was edited here and in the file; --overwrite lets the file win"
LONG_AGO = datetime(2020, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def administrator():
    return AdministratorFactory(username="mara", display_name="Mara")


@pytest.fixture
def folder(tmp_path, administrator, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    folder = tmp_path / "posts"
    folder.mkdir()
    return folder


def write(file: Path, matter: str = "title: Hello", body: str = "Good morning.") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"---\n{matter}\n---\n\n{body}\n")
    return file


def run(path: Path, *options: str) -> list[str]:
    """What the command says, line by line. Raises CommandError where it would end with 1."""
    out = StringIO()
    call_command("import_posts", str(path), *options, stdout=out, no_color=True)
    return out.getvalue().splitlines()


def run_with_faults(path: Path, *options: str) -> list[str]:
    """What it says where not all could be imported."""
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("import_posts", str(path), *options, stdout=out, no_color=True)
    return out.getvalue().splitlines()


class TestSample:
    def test_sample_becomes_a_post_that_readers_see(self, client, administrator):
        said = run(SAMPLE)

        page = client.get(ADDRESS)
        html = page.content.decode()
        body = Post.objects.get().html
        lists = [part.partition("</ol>")[0].count("<li>") for part in body.split("<ol>")[1:]]
        assert said == [
            f"added: mastering-soft-skills.md → {ADDRESS}",
            "1 added",
        ]
        assert page.status_code == 200
        assert "Mastering Soft Skills: The Key to Advancing in IT" in html
        assert "I will discuss the importance of soft skills" in html
        assert "IT Careers" in html
        assert body.count("<h2") == 3
        assert lists == [8, 6]

    def test_sample_belongs_to_the_first_administrator_and_is_dated_today(self, administrator):
        AdministratorFactory(username="later")

        run(SAMPLE)

        post = Post.objects.get()
        assert post.author == administrator
        assert [category.name for category in post.categories.all()] == ["IT Careers"]
        assert post.is_public


class TestFrontMatter:
    def test_every_key_is_taken_over(self, folder):
        AuthorFactory(display_name="Ines Calder")
        (folder / "cover.jpg").write_bytes(picture())
        write(
            folder / "tides.md",
            "title: Tables of the tide\n"
            "slug: tides\n"
            "summary: High and low.\n"
            "date: 2025-03-01 08:30\n"
            "updated: 2025-04-01T10:00:00+02:00\n"
            "status: published\n"
            "categories: [Places, Letters]\n"
            "author: Ines Calder\n"
            "cover: cover.jpg\n"
            "cover_alt: The sea\n"
            "canonical_url: https://example.org/tides\n"
            "series: The coast\n"
            "language: pt_BR\n"
            "featured: true\n"
            "series_position: 3\n"
            "meta_title: Tide tables\n"
            "meta_description: When the sea comes.\n",
        )

        run(folder)

        post = Post.objects.get()
        assert (post.title, post.slug, post.summary) == (
            "Tables of the tide",
            "tides",
            "High and low.",
        )
        assert post.published_at == datetime(2025, 3, 1, 8, 30, tzinfo=UTC)
        assert post.updated_at == datetime(2025, 4, 1, 8, tzinfo=UTC)
        assert post.status == "published"
        assert {category.name for category in post.categories.all()} == {"Places", "Letters"}
        assert post.author.display_name == "Ines Calder"
        assert default_storage.exists(post.cover.name)
        assert (post.cover_alt, post.canonical_url) == ("The sea", "https://example.org/tides")
        assert (post.series.name, post.series_position) == ("The coast", 3)
        assert (post.language, post.featured) == ("pt-br", True)
        assert post.meta_title == "Tide tables"
        assert post.meta_description == "When the sea comes."
        assert post.body == "Good morning."

    def test_post_without_status_is_a_draft(self, folder):
        run(write(folder / "a.md"))

        assert Post.objects.get().status == "draft"

    def test_old_post_does_not_look_as_if_it_was_changed_today(self, folder):
        run(write(folder / "a.md", "title: Old\ndate: 2020-01-01\nstatus: published"))

        assert not Post.objects.get().was_updated

    @pytest.mark.parametrize(
        ("date", "moment"),
        [
            ("2025-03-01", datetime(2025, 2, 28, 23, tzinfo=UTC)),
            ("2025-03-01 08:30", datetime(2025, 3, 1, 7, 30, tzinfo=UTC)),
            ("'2025-03-01 08:30'", datetime(2025, 3, 1, 7, 30, tzinfo=UTC)),
            ("2025-07-01T08:30:00Z", datetime(2025, 7, 1, 8, 30, tzinfo=UTC)),
            ("2025-07-01T08:30:00-05:00", datetime(2025, 7, 1, 13, 30, tzinfo=UTC)),
        ],
    )
    def test_dates_are_read_in_the_time_zone_of_the_site(self, date, moment, folder, settings):
        settings.TIME_ZONE = "Europe/Berlin"

        run(write(folder / "a.md", f"title: A\nstatus: published\ndate: {date}"))

        assert Post.objects.get().published_at == moment

    def test_title_and_text_may_be_plain_markdown(self, folder):
        file = folder / "a.md"
        file.write_text("```\n# not this\n```\n\n# *Bread* and patience #\n\nWait.\n")

        run(file)

        assert Post.objects.get().title == "Bread and patience"

    @pytest.mark.parametrize("matter", ["", "---\ntitle: Bread\n---\n"])
    def test_first_heading_that_repeats_the_title_is_left_out(self, matter, folder):
        file = folder / "a.md"
        file.write_text(f"{matter}\n# Bread\n\nWait.\n")

        run(file)

        post = Post.objects.get()
        assert (post.title, post.body) == ("Bread", "Wait.")

    def test_byte_order_mark_and_windows_line_ends_are_understood(self, folder):
        file = folder / "a.md"
        file.write_bytes("\ufeff---\r\ntitle: Hello\r\n---\r\nOne\r\ntwo\r\n".encode())

        run(file)

        post = Post.objects.get()
        assert (post.title, post.body) == ("Hello", "One\ntwo")

    def test_category_is_found_whatever_its_capitals(self, folder):
        category = CategoryFactory(name="IT Careers")

        run(write(folder / "a.md", "title: A\ncategories: it careers"))

        assert list(Post.objects.get().categories.all()) == [category]
        assert Category.objects.count() == 1

    def test_unknown_keys_are_named_and_passed_over(self, folder):
        said = run(write(folder / "a.md", "title: A\nlayout: post\ntags: [x, y]"))

        assert said == [
            "note: a.md:3: “layout” means nothing here",
            "note: a.md:4: “tags” means nothing here",
            "added: a.md → /posts/a/",
            "1 added",
        ]


# What stands in the front matter, and how the complaint about it begins.
FAULTS = [
    ("title: 2024", "a.md:2: title must be text: put it in quotes, “2024”"),
    ("title: No", "a.md:2: title must be text: put it in quotes, “No”"),
    ("title: [a, b]", "a.md:2: title must be text"),
    ("title: !!python/object/apply:os.getcwd []", "a.md:2: title must be text"),
    (f"title: {'x' * 201}", "a.md:2: title: Ensure this value has at most 200 characters"),
    ("summary: x", "a.md:4: there is no title and no heading to take for it"),
    ("title: A\ntitle: B", "a.md:3: title is given twice"),
    ("title: A\nslug: Not a slug", "a.md:3: slug: Enter a valid “slug”"),
    ("title: A\nstatus: live", "a.md:3: status: Value 'live' is not a valid choice."),
    ("title: A\ndate: soon", "a.md:3: date must be a date like 2026-05-31"),
    ("title: A\ndate: 0001-01-01", "a.md:3: date: Please choose a date between the years"),
    ("title: A\nupdated: 9999-12-31", "a.md:3: updated: Please choose a date between the years"),
    ("title: A\ndate: [2026]", "a.md:3: date must be a date like 2026-05-31"),
    ("title: A\ndate: 2026-02-31", "a.md:3: date cannot be read: day is out of range"),
    ("title: A\ndate: 2026-03-29 02:30", "a.md:3: date: 2026-03-29 02:30:00 couldn’t be"),
    ("title: A\nauthor: Nobody", "a.md:3: author: nobody here is called “Nobody”"),
    ("title: A\nlanguage: no", "a.md:3: language must be text: put it in quotes, “no”"),
    ("title: A\nlanguage: Klingon", "a.md:3: language: no language is called “Klingon”"),
    ("title: A\nfeatured: 1", "a.md:3: featured must be true or false"),
    ("title: A\nfeatured: [yes]", "a.md:3: featured must be true or false"),
    ("title: A\nseries: B\nseries_position: true", "a.md:4: series_position must be a whole"),
    ("title: A\nseries: B\nseries_position: first", "a.md:4: series_position must be a whole"),
    ("title: A\nseries: B\nseries_position: -1", "a.md:4: series_position: Ensure this value"),
    (f"title: A\nseries: B\nseries_position: {10**20}", "a.md:4: series_position: Ensure this"),
    (f"title: A\nmeta_title: {'x' * 201}", "a.md:3: meta_title: Ensure this value has at most"),
    ("title: A\ntranslation_of: b", "a.md:3: translation_of: no post here has the slug “b”"),
    ("title: A\ntranslation_of: a", "a.md:3: translation_of: no post here has the slug “a”"),
    ("title: A\ncover: none.jpg", "a.md:3: cover: there is no such file"),
    ("title: A\ncover: ../../secret.jpg", "a.md:3: cover: this link leads out of the folder"),
    ("title: A\ncover: a.md", "a.md:3: cover: This file is not a picture we can read."),
    ("title: A\ncanonical_url: javascript:x", "a.md:3: canonical_url: Enter a valid URL."),
    (f"title: A\ncategories: [{'x' * 81}]", "a.md:3: categories: Ensure this value has at most"),
    ("title: A\ncategories: [2024]", "a.md:3: categories must be text"),
    ("title: A\n  bad: [", "a.md:3: this is not YAML: mapping values are not allowed here"),
    ("- just\n- a list", "a.md:1: front matter must have lines like “title: Hello”"),
    ("title: A\nsummary: " + "[" * 101, "a.md:1: the front matter has more than 100 brackets"),
    ("title: A\nsummary:\n" + "- " * 7000, "a.md:4: the front matter is not YAML"),
    ("title: A\nfoo: !!bool abc", "a.md:3: foo cannot be read"),
    ('title: A\nfoo: !!int ""', "a.md:3: foo cannot be read"),
    ('title: A\ndate: !!timestamp "abc"', "a.md:3: date cannot be read"),
    ("title: A\nfoo: !!float x", "a.md:3: foo cannot be read"),
    ("title: A\nsummary: \x01", "a.md:3: a text has no character U+0001"),
    ('title: A\nsummary: "\\UFFFFFFFF"', "a.md:3: the front matter is not YAML"),
    ("title: A\nsummary: " + "x" * 16_000, "a.md:1: the front matter is longer than"),
]


class TestTranslations:
    FIRST = "title: Letters\nslug: letters"
    GERMAN = "title: Briefe\nslug: briefe\nlanguage: de\ntranslation_of: letters"

    def test_translation_is_read_after_what_it_translates(self, folder):
        write(folder / "a.md", self.GERMAN)
        write(folder / "b.md", self.FIRST)

        said = run(folder)

        assert said == ["added: b.md → /posts/letters/", "added: a.md → /posts/briefe/", "2 added"]
        assert Post.objects.get(slug="briefe").translation_of.slug == "letters"

    def test_dry_run_knows_of_a_first_that_would_be_there(self, folder):
        write(folder / "a.md", self.GERMAN)
        write(folder / "b.md", self.FIRST)

        dry = run(folder, "--dry-run")

        assert not Post.objects.exists()
        assert dry[:-1] == run(folder)[:-1]

    def test_first_is_found_by_the_slug_in_its_file_though_it_was_renamed(self, folder):
        run(write(folder / "a.md", self.FIRST))
        first = Post.objects.get()
        first.slug = "on-letters"
        first.save()

        run(write(folder / "b.md", self.GERMAN))

        assert Post.objects.get(slug="briefe").translation_of == first

    def test_translation_of_a_translation_is_one_of_the_first(self, folder):
        write(folder / "a.md", self.FIRST)
        write(folder / "b.md", self.GERMAN)
        write(
            folder / "c.md", "title: Lettres\nslug: lettres\nlanguage: fr\ntranslation_of: briefe"
        )

        run(folder)

        assert Post.objects.get(slug="lettres").translation_of.slug == "letters"

    @pytest.mark.parametrize(
        ("matter", "fault"),
        [
            (
                "title: Post\nlanguage: de\ntranslation_of: letters",
                "c.md:3: language: There is “Letters” in this language already",
            ),
            (
                "title: Mail\ntranslation_of: letters",
                "c.md: language: There is “Letters” in this language already",
            ),
        ],
    )
    def test_two_in_one_language_are_refused(self, matter, fault, folder):
        write(folder / "a.md", self.FIRST)
        write(folder / "b.md", self.GERMAN)
        write(folder / "c.md", matter)

        said = run_with_faults(folder)

        assert said[2].startswith(f"failed: {fault}")
        assert Post.objects.count() == 2

    def test_first_cannot_become_a_translation(self, folder):
        write(folder / "a.md", self.FIRST)
        write(folder / "b.md", self.GERMAN)
        run(folder)
        write(folder / "a.md", f"{self.FIRST}\ntranslation_of: briefe")

        said = run_with_faults(folder)

        assert "failed: a.md:4: translation_of: A post cannot translate itself." in said
        assert Post.objects.get(slug="letters").translation_of is None

    def test_file_that_names_none_leaves_it_alone(self, folder):
        write(folder / "a.md", self.FIRST)
        run(write(folder / "b.md", "title: Briefe\nslug: briefe\nlanguage: de"))
        run(folder / "a.md")
        german = Post.objects.get(slug="briefe")
        german.translation_of = Post.objects.get(slug="letters")
        german.save()

        write(folder / "b.md", "title: Briefe\nslug: briefe\nlanguage: de", "Guten Tag.")
        run(folder / "b.md", "--overwrite")

        german.refresh_from_db()
        assert german.body == "Guten Tag."
        assert german.translation_of.slug == "letters"


class TestFaults:
    @pytest.mark.parametrize(("matter", "fault"), FAULTS, ids=range(len(FAULTS)))
    def test_bad_file_is_named_with_its_line_and_nothing_is_stored(
        self, matter, fault, folder, settings
    ):
        settings.TIME_ZONE = "Europe/Berlin"
        (folder.parent.parent / "secret.jpg").touch()
        write(folder / "a.md", matter)

        [said, count] = run_with_faults(folder)

        assert said.startswith(f"failed: {fault}")
        assert count == "1 failed"
        assert not Post.objects.exists()
        assert not Category.objects.exists()
        assert not default_storage.exists("covers")

    def test_post_that_cannot_be_stored_leaves_no_category_behind(self, folder):
        write(folder / "a.md", "title: A\nstatus: live\ncategories: [New]")

        run_with_faults(folder)

        assert not Category.objects.exists()

    @pytest.mark.parametrize(
        ("content", "fault"),
        [
            (
                b"---\ntitle: A\n",
                "a.md:1: the front matter that begins here does not end: a line of --- is missing",
            ),
            (b"# Caf\xe9", "a.md:1: this is not UTF-8; save the file in UTF-8"),
            ("# Hello".encode("utf-16"), "a.md:1: this is not UTF-8; save the file in UTF-8"),
            (b"# A\n\n\x00\x01", "a.md:3: this is not a text file"),
            (b"", "a.md:1: there is no title and no heading to take for it"),
            (b"# A\n" + b"x" * 2_000_000, "a.md: this file is larger than 2 MB"),
        ],
    )
    def test_file_that_is_no_text_is_refused(self, content, fault, folder):
        (folder / "a.md").write_bytes(content)

        assert run_with_faults(folder) == [f"failed: {fault}", "1 failed"]

    def test_body_that_is_too_long_is_refused(self, folder):
        write(folder / "a.md", body="x " * 100_001)

        [fault, _] = run_with_faults(folder)

        assert fault.startswith("failed: a.md:4: body: Ensure this value has at most 200000")

    def test_good_files_beside_a_bad_one_are_imported(self, folder):
        write(folder / "a.md", "title: 1")
        write(folder / "b/c.md", "title: Good")

        said = run_with_faults(folder)

        assert said[-1] == "1 failed, 1 added"
        assert [post.title for post in Post.objects.all()] == ["Good"]

    def test_two_files_with_one_slug_are_not_both_imported(self, folder):
        write(folder / "a.md", "title: Same")
        write(folder / "b.md", "title: Other\nslug: same")

        said = run_with_faults(folder)

        assert said[1] == "failed: b.md:3: slug: a.md has the same, “same”"
        assert [post.title for post in Post.objects.all()] == ["Same"]

    def test_link_out_of_the_folder_is_not_followed(self, folder):
        outside = write(folder.parent / "outside.md", "title: Outside")
        (folder / "link.md").symlink_to(outside)
        (folder / "folder").symlink_to(folder.parent)

        said = run_with_faults(folder)

        assert said == ["failed: link.md: this link leads out of the folder", "1 failed"]

    def test_device_is_not_read(self, folder):
        os.mkfifo(folder / "pipe.md")

        assert run_with_faults(folder) == ["failed: pipe.md: there is no such file", "1 failed"]

    def test_missing_path_and_empty_folder_are_named(self, folder):
        with pytest.raises(CommandError, match=r"^There is no .*nowhere\.$"):
            run(folder / "nowhere")
        with pytest.raises(CommandError, match=r"^There is no Markdown file in "):
            run(folder)

    def test_hidden_files_and_folders_are_left_out(self, folder):
        write(folder / ".git/a.md")
        write(folder / ".b.md")
        write(folder / "c.txt")

        with pytest.raises(CommandError, match=r"^There is no Markdown file"):
            run(folder)


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

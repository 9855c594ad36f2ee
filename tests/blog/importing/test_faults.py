"""A file that cannot be imported is named with its line, and nothing of it is stored."""

import os

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError

from blog.models import Category, Post
from tests.blog.importing.files import run, run_with_faults, write

pytestmark = pytest.mark.django_db


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

"""What an imported file says becomes a post."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from blog.models import Category, Post
from tests.blog.importing.files import run, run_with_faults, write
from tests.blog.pictures import picture
from tests.factories import AdministratorFactory, AuthorFactory, CategoryFactory

pytestmark = pytest.mark.django_db

SAMPLE = Path(__file__).parents[2] / "data/mastering-soft-skills.md"
ADDRESS = "/posts/mastering-soft-skills-the-key-to-advancing-in-it/"


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

"""What happens to the blog without anybody asking."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from blog import markdown
from blog.models import AccountMail, Limit, Post, SearchMark
from blog.sweep import forget, sweep
from blog.tasks import render_posts_again
from tests.factories import PostFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    with time_machine.travel("2026-05-01 12:00Z", tick=False) as clock:
        yield clock


def nudges() -> list[str]:
    return sorted(row.task_path.rpartition(".")[2] for row in DBTaskResult.objects.all())


def test_account_mail_whose_nudge_was_lost_is_found_within_seconds(clock):
    AccountMail.objects.create(kind="reset")
    clock.shift(timedelta(seconds=5))

    sweep()

    assert nudges() == ["send_account_mail"]


def test_sweep_costs_a_few_reads_when_there_is_nothing_to_do(clock, django_assert_num_queries):
    sweep()

    with django_assert_num_queries(5):
        sweep()

    assert nudges() == []


def test_posts_of_an_older_renderer_are_brought_up_to_date(clock):
    old, new = PostFactory(body="Some *words*."), PostFactory()
    Post.objects.filter(pk=old.pk).update(html="<p>old</p>", markdown_version=0)
    before = Post.objects.values("updated_at", "published_at").get(pk=old.pk)

    sweep()
    looked_at = render_posts_again.call()

    assert nudges() == ["relate_posts", "render_posts_again", "take_in_posts"]
    assert looked_at == 1
    assert not SearchMark.objects.exists()
    old.refresh_from_db()
    assert "<em>words</em>" in old.html
    assert old.markdown_version == markdown.VERSION
    assert Post.objects.values("updated_at", "published_at").get(pk=old.pk) == before
    assert not Post.objects.to_render_again().exists()
    assert Post.objects.filter(pk=new.pk).exists()


def test_many_old_posts_are_rendered_a_chunk_a_task(clock, monkeypatch):
    monkeypatch.setattr("blog.tasks.POSTS", 2)
    for _ in range(3):
        PostFactory()
    Post.objects.update(markdown_version=0)

    looked_at = [render_posts_again.call(), render_posts_again.call()]

    assert looked_at == [2, 1]
    assert not Post.objects.to_render_again().exists()


def test_post_saved_while_it_is_rendered_again_keeps_its_new_text():
    post = PostFactory(body="Old words.")
    Post.objects.update(markdown_version=0)
    as_read = Post.objects.get()
    post.body = "New words."
    post.save()

    as_read.render_again()

    post.refresh_from_db()
    assert (post.body, "New words." in post.html) == ("New words.", True)


def test_post_that_became_too_complex_keeps_what_it_has_and_is_not_tried_for_ever(
    monkeypatch, caplog
):
    post = PostFactory(body="Some words.")
    Post.objects.update(markdown_version=0)

    def refuse(source: str, **options: object) -> None:
        raise markdown.TooComplex("too complex")

    monkeypatch.setattr("blog.markdown.render", refuse)
    render_posts_again.call()

    post.refresh_from_db()
    assert "Some words." in post.html
    assert not Post.objects.to_render_again().exists()
    assert f"Post {post.pk} has become too complex" in caplog.text


def test_windows_that_are_over_and_old_mails_are_forgotten(clock):
    now = timezone.now()
    Limit.objects.create(key="over", count=1, ends_at=now)
    Limit.objects.create(key="open", count=1, ends_at=now + timedelta(seconds=1))
    for days in (29, 31):
        settled = now - timedelta(days=days)
        AccountMail.objects.create(kind="reset", status="sent", settled_at=settled)
    AccountMail.objects.create(kind="reset")

    forget()

    assert list(Limit.objects.values_list("key", flat=True)) == ["open"]
    assert sorted(AccountMail.objects.values_list("status", flat=True)) == ["sent", "waiting"]

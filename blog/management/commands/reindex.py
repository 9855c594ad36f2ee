"""The search index, made anew."""

from itertools import batched
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from blog.models import Post, SearchMark
from blog.progress import Progress
from blog.search import index, triggers
from blog.search.backends import backend

CHUNK = 100


class Command(BaseCommand):
    help = (
        "Reads every post into the search index again, while the site goes on. Needed after "
        "LANGUAGE_CODE or TIME_ZONE changed, or if somebody wrote to the tables by hand; nothing "
        "else wants it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        triggers.fit(connection.alias)
        last_mark = SearchMark.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        post_ids = list(Post.objects.order_by("-published_at", "-pk").values_list("pk", flat=True))
        progress = Progress(self.stdout, len(post_ids))
        for chunk in batched(post_ids, CHUNK):
            with transaction.atomic():
                index.write(chunk)
            progress.reach(progress.done + len(chunk))
        SearchMark.objects.filter(pk__lte=last_mark).delete()
        backend().tidy()
        progress.clear()
        self.stdout.write(f"{len(post_ids)} posts can be found.")

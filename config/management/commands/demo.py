"""Something to look at while the site is still empty."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from blog.models import Post
from config.demo import loader, remover
from newsletter.models import Subscriber


class Command(BaseCommand):
    help = (
        "Adds a small made-up magazine: posts with covers, their authors, terms & conditions and a "
        "hundred subscribers. It stands beside what you wrote and can be taken away whole. Only "
        "with DEBUG."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--remove", action="store_true", help="take the demo away again")

    def handle(self, *args: Any, remove: bool, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo is for development: it needs DEBUG=True.")
        if remove:
            self.remove()
        elif loader.is_loaded():
            self.stdout.write("The demo is already here.")
        else:
            loader.load()
            posts, readers = Post.objects.count(), Subscriber.objects.count()
            self.stdout.write(f"The demo is in: {posts} posts and {readers} subscribers.")

    def remove(self) -> None:
        if not loader.is_loaded():
            self.stdout.write("There is no demo here.")
            return
        for sentence in remover.remove():
            self.stdout.write(sentence)
        self.stdout.write("The demo is gone.")

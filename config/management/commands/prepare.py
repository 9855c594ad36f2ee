"""Everything between installing the site and serving it."""

import secrets
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from blog.models import Author, Category, Post
from config.preflight import is_up_to_date, refuse_unwritable_folders
from newsletter.models import Subscriber, Terms


class Command(BaseCommand):
    help = (
        "Brings the database up to date, gathers the static files (without DEBUG) and makes an "
        "administrator if there is none. Run it again as often as you like."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_unwritable_folders()
        if not is_up_to_date():
            self.stdout.write("Setting up the database.")
        call_command("migrate", verbosity=0, interactive=False)
        if not settings.DEBUG:
            call_command("collectstatic", verbosity=0, interactive=False)
        if settings.DEBUG and is_empty():
            self.stdout.write("Adding a magazine to look at; “manage.py demo --remove” removes it.")
            call_command("demo", stdout=StringIO())
        if not Author.objects.filter(is_superuser=True, is_active=True).exists():
            self.show(*make_administrator())

    def show(self, username: str, password: str) -> None:
        lines = [
            "An administrator was made for you:",
            "",
            f"    name      {username}",
            f"    password  {password}",
            "",
            "The password is shown only this once. Change it in the newsroom: /admin/",
        ]
        width = max(map(len, lines))
        rule = "+" + "-" * (width + 4) + "+"
        rows = [f"|  {line:{width}}  |" for line in lines]
        self.stdout.write("\n" + "\n".join([rule, *rows, rule]) + "\n")


def is_empty() -> bool:
    return not any(model.objects.exists() for model in (Post, Category, Terms, Subscriber))


def make_administrator() -> tuple[str, str]:
    """A superuser with a free name; returns the name and the password."""
    taken = set(
        Author.objects.filter(username__startswith="admin").values_list("username", flat=True)
    )
    names = ("admin", *(f"admin{number}" for number in range(2, len(taken) + 2)))
    username = next(name for name in names if name not in taken)
    password = secrets.token_urlsafe(12)
    Author.objects.create_superuser(username, password=password, display_name="The Editor")
    return username, password

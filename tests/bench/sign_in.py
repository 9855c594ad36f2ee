"""How long a wrong sign-in takes, and the wish for a new password, for whom there is and is not.

    python -m tests.bench.sign_in [--tries 40]

The three must not be told apart by time (case B03). Each try is made in turn with the others, in
one process, on a fresh SQLite database, with the site's own password hashing.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

WHO = {"a wrong password": "mara", "an unknown name": "nobody", "a closed account": "ole"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tries", type=int, default=40)
    tries = parser.parse_args().tries
    with tempfile.TemporaryDirectory(prefix="pennypost-bench-") as folder:
        set_up(Path(folder))
        print("\nMedian of a refused sign-in, and of the wish for a new password")
        refused, wished = medians(sign_in, tries), medians(ask_for_password, tries)
        for who in WHO:
            print(f"  {who:20}{refused[who]:>8.1f} ms{wished[who]:>8.1f} ms", flush=True)


def set_up(folder: Path) -> None:
    """A site of its own, with two people in it."""
    import django

    from tests.faults.rig import environment

    settings = environment(folder, f"sqlite:///{folder}/site.sqlite3", SITE_URL="http://localhost")
    os.environ |= settings | {"ALLOWED_HOSTS": "localhost"}
    django.setup()
    from django.core.management import call_command

    from blog.models import Author

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    for name in ("mara", "ole"):
        email = f"{name}@example.com"
        Author.objects.create_user(name, email, "a good long password", is_staff=True)
    Author.objects.filter(username="ole").update(is_active=False)


def sign_in(name: str) -> None:
    post("/admin/login/", {"username": name, "password": "not the password"}, 200)


def ask_for_password(name: str) -> None:
    post("/admin/password/", {"email": f"{name}@example.com"}, 302)


def post(path: str, fields: dict[str, str], status: int) -> None:
    from django.test import Client

    answer = Client(SERVER_NAME="localhost").post(path, fields)
    assert answer.status_code == status, (path, answer.status_code)


def medians(act: Callable[[str], None], tries: int) -> dict[str, float]:
    """Milliseconds for each of WHO."""
    from blog.models import Limit

    taken: dict[str, list[float]] = {who: [] for who in WHO}
    for _ in range(tries):
        for who, name in WHO.items():
            Limit.objects.all().delete()
            began = time.perf_counter()
            act(name)
            taken[who].append(1000 * (time.perf_counter() - began))
    return {who: statistics.median(times) for who, times in taken.items()}


if __name__ == "__main__":
    main()

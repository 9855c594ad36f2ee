"""The demo magazine, served as an operator would serve a site of her own."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.screenshots import is_ready
from tests.system import development, free_port, manage, running, until


@contextmanager
def served() -> Iterator[str]:
    """The address. The demo itself can only be loaded while DEBUG is on."""
    port = free_port()
    address = f"http://localhost:{port}"
    with tempfile.TemporaryDirectory(prefix="pennypost-quality-") as folder:
        settings = development(Path(folder)) | {"ENV_FILE": os.devnull}
        must(manage("prepare", **settings))
        settings |= {
            "DEBUG": "False",
            "SECRET_KEY": "only-for-a-look-at-the-demo" * 2,
            "ALLOWED_HOSTS": "localhost",
            "SITE_URL": address,
            "WEB_WORKERS": "2",
        }
        must(manage("prepare", **settings))
        with running("manage.py", "serve", "--port", str(port), **settings):
            until(lambda: is_ready(address), seconds=60)
            yield address


def must(result: tuple[int, str]) -> None:
    code, printed = result
    if code:
        raise SystemExit(printed)

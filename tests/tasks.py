"""Tasks that the tests give to a worker."""

from pathlib import Path

from django.tasks import task


@task
def write(path: str) -> None:
    Path(path).write_text("done")

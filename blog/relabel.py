"""Migrations that change what fields and models are called, and nothing in the database."""

from typing import Any

from django.db.migrations import SeparateDatabaseAndState


class Relabel(SeparateDatabaseAndState):
    """Alterations of labels, help texts and validators.

    After each of them Django would make all models anew that lead to the altered one: for two
    migrations that was a third of the time that a new database took. Here they are made once.
    """

    def __init__(self, state_operations: list[Any]) -> None:
        super().__init__(state_operations=state_operations)

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.__dict__.pop("apps", None)
        super().state_forwards(app_label, state)

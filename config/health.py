"""Is the site alive, and can it serve? For load balancers, container platforms and start-up."""

from functools import cache as once

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


@once
def newest_migrations() -> frozenset[tuple[str, str]]:
    """The last migration of each app; the files do not change while a process runs."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def is_migrated(database: BaseDatabaseWrapper) -> bool:
    """Raises DatabaseError where the database cannot be asked."""
    return newest_migrations() <= MigrationRecorder(database).applied_migrations().keys()

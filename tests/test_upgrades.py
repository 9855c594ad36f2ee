"""The release before runs on the new database while it is upgraded; docs/upgrading.md says how."""

from functools import cache

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    RemoveConstraint,
    RemoveField,
)

OURS = ("blog", "newsletter", "config")
# The last migrations of the release before. There was none yet: an early state stands for it.
BEFORE = [
    ("blog", "0010_mail_addresses"),
    ("newsletter", "0021_counting"),
    ("config", "0001_demo_rows"),
]
# With a row a reader or a mail.
LONG_TABLES = {
    "addresschange", "consent", "consentevidence", "delivery", "feedback", "notice", "subscriber"
}  # fmt: skip
KINDS = (AddConstraint, AddField, AddIndex, AlterField, RemoveConstraint, RemoveField)
# What was measured over a million readers.
MEASURED = {("newsletter", "0022_agreed_or_asked")}


@pytest.fixture(scope="module")
def loader():
    return MigrationLoader(None)


def columns(loader, nodes):
    """Of each table: its columns, and whether a row can be written that knows nothing of them."""
    apps = loader.project_state(nodes).apps
    return {
        model._meta.db_table: {
            field.column: field.null or field.generated or field.has_db_default()
            for field in model._meta.local_concrete_fields
        }
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in OURS
    }


def test_release_before_finds_all_that_it_reads_and_may_leave_out_what_it_does_not_know(loader):
    before, now = columns(loader, BEFORE), columns(loader, loader.graph.leaf_nodes())

    gone = {(table, name) for table in before for name in before[table].keys() - now.get(table, {})}
    obligatory = {
        (table, name)
        for table in before.keys() & now.keys()
        for name, may_be_left_out in now[table].items()
        if name not in before[table] and not may_be_left_out
    }

    assert gone == set(), "Drop them one release later."
    assert obligatory == set(), "Give them a db_default, or let them be null."


def test_whatever_changes_a_long_table_was_measured(loader):
    old = {node for leaf in BEFORE for node in loader.graph.forwards_plan(leaf)}
    new = [node for node in loader.graph.nodes if node not in old and node[0] in OURS]

    touching = {
        node
        for node in new
        if any(
            touches_a_long_table(operation) and not changes_words_alone(loader, node, operation)
            for operation in loader.get_migration(*node).operations
        )
    }

    assert touching == MEASURED


def touches_a_long_table(operation):
    """But for a column that is empty in all rows, which neither database writes into them."""
    if not isinstance(operation, KINDS) or operation.model_name not in LONG_TABLES:
        return False
    return not (isinstance(operation, AddField) and is_empty_at_first(operation.field))


def changes_words_alone(loader, node, operation):
    """Names and help texts are in the code, and no table is touched for them."""
    if not isinstance(operation, AlterField):
        return False
    old, new = (
        models_at(loader, node, at_end)
        .get_model(node[0], operation.model_name)
        ._meta.get_field(operation.name)
        for at_end in (False, True)
    )
    return not connection.schema_editor()._field_should_be_altered(old, new)


@cache
def models_at(loader, node, at_end):
    return loader.project_state(node, at_end=at_end).apps


def is_empty_at_first(field):
    return field.null and not (field.unique or field.has_default() or field.has_db_default())

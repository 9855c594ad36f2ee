"""There is a factory for every model, and each makes rows that the model's own rules accept."""

import inspect

import pytest
from django.apps import apps
from factory.django import DjangoModelFactory

from blog.models.one_row import OneRow
from tests import factories

OURS = [
    model
    for app in ("blog", "newsletter", "config")
    for model in apps.get_app_config(app).get_models()
]
MADE = [
    item
    for _, item in inspect.getmembers(factories, inspect.isclass)
    if issubclass(item, DjangoModelFactory) and item is not DjangoModelFactory
]


def test_every_model_has_a_factory():
    assert {model.__name__ for model in OURS} - {
        item._meta.model.__name__ for item in MADE
    } == set()


@pytest.mark.django_db
@pytest.mark.parametrize("item", MADE, ids=lambda item: item.__name__)
def test_factory_makes_rows_that_are_valid(item):
    count = 1 if issubclass(item._meta.model, OneRow) else 2

    rows = item.create_batch(count)

    for row in rows:
        # What is left empty may be so in the database, if not in a form.
        row.full_clean(exclude=[field.name for field in row._meta.fields if is_empty(row, field)])


def is_empty(row, field):
    return getattr(row, field.attname) in (None, "", [])

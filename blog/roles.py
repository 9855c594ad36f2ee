"""The groups that come with the site. Used by migrations only: later changes are the operator's."""

from typing import Any

from django.contrib.auth.management import create_permissions


def create_role(apps: Any, using: str, name: str, permissions: list[str]) -> None:
    """Make the group of that name and give it permissions, written like `blog.add_post`.

    Django itself makes permissions only after the last migration; a fresh database has none yet.
    """
    group, _ = apps.get_model("auth", "Group").objects.using(using).get_or_create(name=name)
    known = apps.get_model("auth", "Permission").objects.using(using)
    for label in sorted({permission.partition(".")[0] for permission in permissions}):
        _make_permissions(apps, using, label)
    for permission in permissions:
        label, _, codename = permission.partition(".")
        group.permissions.add(known.get(content_type__app_label=label, codename=codename))


def _make_permissions(apps: Any, using: str, label: str) -> None:
    config = apps.get_app_config(label)
    # A historical app has no models module, and Django takes that for an app without models.
    config.models_module = True
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None

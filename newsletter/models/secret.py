"""Keys that belong to the data: they live and are restored with the rows they were used on."""

import secrets

from django.db import models

from blog.shared import shared


class SecretQuerySet(models.QuerySet["Secret"]):
    def key(self, name: str) -> bytes:
        """The 32 bytes kept under `name`, made at their first use."""
        return _key(name)


class Secret(models.Model):
    """A key in hexadecimal. Kept here, not derived from SECRET_KEY, which may be rotated."""

    name = models.CharField(primary_key=True, max_length=40)
    value = models.CharField(max_length=64)

    objects = SecretQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


@shared
def _key(name: str) -> bytes:
    secret, _ = Secret.objects.get_or_create(name=name, defaults={"value": secrets.token_hex(32)})
    return bytes.fromhex(secret.value)

"""Pictures (a stand-in with the final face; the real one replaces this file)."""

from typing import Any

from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import models


class PictureField(models.FileField):
    def __init__(
        self,
        *args: Any,
        width_field: str | None = None,
        height_field: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.width_field, self.height_field = width_field, height_field
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        sizes = {"width_field": self.width_field, "height_field": self.height_field}
        return name, path, args, kwargs | {key: value for key, value in sizes.items() if value}


class UploadLimit(TemporaryFileUploadHandler):
    pass

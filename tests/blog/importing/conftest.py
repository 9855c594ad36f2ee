"""An administrator and a folder to import from."""

import pytest

from tests.factories import AdministratorFactory


@pytest.fixture
def administrator():
    return AdministratorFactory(username="mara", display_name="Mara")


@pytest.fixture
def folder(tmp_path, administrator, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    folder = tmp_path / "posts"
    folder.mkdir()
    return folder

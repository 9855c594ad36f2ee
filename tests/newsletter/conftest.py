"""Who works on the newsletter."""

import pytest

from tests.factories import StaffFactory


@pytest.fixture
def manager(client):
    """A newsletter manager, signed in."""
    manager = StaffFactory(role="Newsletter manager")
    client.force_login(manager)
    return manager

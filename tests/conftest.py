import pytest
from django.conf import settings


@pytest.fixture(autouse=True)
def forgetful_host():
    """After a test the database is set back, which a worker of the next one would notice."""
    (settings.VAR_DIR / "sent").unlink(missing_ok=True)

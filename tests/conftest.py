import gc

import pytest
from django.conf import settings

# Modules and tests are there to stay, and looking through them for garbage again and again takes a
# fourteenth of the suite's time.
gc.disable()


def pytest_collection_finish():
    gc.freeze()
    gc.enable()
    gc.set_threshold(50_000)


@pytest.fixture(autouse=True)
def forgetful_host():
    """After a test the database is set back, which a worker of the next one would notice."""
    (settings.VAR_DIR / "sent").unlink(missing_ok=True)

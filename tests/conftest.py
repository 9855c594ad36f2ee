import gc
import sys

import pytest
from django.conf import settings

# Modules and tests are there to stay, and looking through them for garbage again and again takes a
# fourteenth of the suite's time.
gc.disable()


def pytest_collection_finish():
    gc.freeze()
    gc.enable()
    gc.set_threshold(50_000)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    """Run the tests in a frame of half a megabyte, which gives those above it as much again.

    Python maps its stack in pieces of 16 KB, and a call over the edge of one maps the next, only to
    unmap it on return. That happened a thousand times a test, and was a fourteenth of the suite.
    """
    here = sys.modules[__name__]
    return session.config.pluginmanager.subset_hook_caller("pytest_runtestloop", [here])(
        session=session
    )


pytest_runtestloop.__code__ = pytest_runtestloop.__code__.replace(co_stacksize=2**16)


@pytest.fixture(autouse=True)
def forgetful_host():
    """After a test the database is set back, which a worker of the next one would notice."""
    (settings.VAR_DIR / "sent").unlink(missing_ok=True)

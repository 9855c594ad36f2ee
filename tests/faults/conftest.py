import os

import pytest

from newsletter.sending import issues
from tests.factories import IssueFactory, TermsFactory
from tests.faults import inside
from tests.faults.readers import add_readers
from tests.faults.rig import Template, site
from tests.faults.sink import Sink

READERS = 200


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """On the database that the whole test run is about."""
    server = os.environ.get("TEST_DATABASE_URL", "")
    with Template(tmp_path_factory.mktemp("template"), READERS, server) as template:
        yield template


@pytest.fixture
def a_site(template, tmp_path):
    with site(template, tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with Sink(tmp_path_factory.mktemp("sink")) as sink:
        yield sink


@pytest.fixture
def sink(server, settings):
    """Without rules and with an empty log; mail that this process sends goes there."""
    server.set_rules()
    server.log.write_text("")
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": server.port, "username": "", "password": ""},
        }
    }
    settings.SEND_CONNECTIONS, settings.SEND_TIMEOUT = 4, 5
    return server


@pytest.fixture
def issue(db, sink):
    """Sent a moment ago to readers that no worker has written down yet."""
    TermsFactory()
    add_readers(inside.READERS)
    issue = IssueFactory()
    issues.start(issue)
    return issue

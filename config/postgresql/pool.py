"""The connections that one process keeps, and how they are looked at before they are used."""

import select
from typing import Any

from psycopg import Connection


def check(connection: Connection[Any]) -> None:
    """Raise OperationalError where the server has ended a connection that lay in the pool.

    To ask it each time would take as long as to make a tenth of a page. But it says nothing to a
    connection at rest save that it ends, or whatever else concerns all: only then is it asked.
    """
    heard = select.poll()
    heard.register(connection.fileno(), select.POLLIN)
    if heard.poll(0):
        connection.execute("")


# As many connections as one process has threads, so that nobody waits for one while the database
# is there. While it is not, a page must not wait long for its error, and the pool must not space
# its attempts so far apart that it misses the return.
POOL = {"min_size": 1, "max_size": 8, "timeout": 3, "reconnect_timeout": 4, "check": check}

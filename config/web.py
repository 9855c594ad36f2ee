"""The web server process, which `serve` keeps running.

Like the supervisor it does not load the site itself: only its worker processes do.
"""

import argparse
import os
import signal

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

STOPS = {signal.SIGINT, signal.SIGTERM}
# Most of them wait for slow clients; config.seats says how many requests are worked on at a time.
THREADS = 128
# A process is given this long to finish the requests it has.
GRACE = 10


def let_new_processes_end() -> None:
    """Close the gap in which a new worker process could not be told to end.

    It is forked with a handler that does nothing in it, and until granian sets its own, a SIGTERM
    would be lost and the process stay.
    """
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, STOPS),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS),
        after_in_child=end_by_default,
    )


def end_by_default() -> None:
    for number in STOPS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)


def serve(application: str, host: str, port: int, workers: int) -> None:
    server = Granian(
        application,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=GRACE,
        log_level=LogLevels.error,
    )
    let_new_processes_end()
    server.serve()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the site's pages.")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    options = parser.parse_args()
    serve("config.wsgi:application", options.host, options.port, options.workers)


if __name__ == "__main__":
    main()

"""Slow clients do not keep others from the site."""

import threading
from io import BytesIO

from blog.images import MAX_REQUEST
from config.seats import IN_MEMORY, Seats


class Drops:
    """The body of a client that stops sending until it is told to go on."""

    def __init__(self) -> None:
        self.reading, self.go_on = threading.Event(), threading.Event()

    def read(self, size: int) -> bytes:
        self.reading.set()
        self.go_on.wait(timeout=10)
        return b"x" * size


class Gone:
    """The body of a client that left."""

    def read(self, size: int) -> bytes:
        raise OSError("connection reset")


def request(body=None, length="0"):
    return {"CONTENT_LENGTH": length, "wsgi.input": body}


def send(seats: Seats, environ) -> tuple[str, bytes]:
    said = []
    answer = b"".join(seats(environ, lambda status, headers: said.append(status)))
    return said[0], answer


def echo(environ, start_response):
    start_response("200 OK", [])
    return [environ["wsgi.input"].read() if environ["wsgi.input"] else b"nothing"]


def test_site_gets_the_body_that_was_sent():
    for body in (b"email=a", b"x" * (IN_MEMORY * 3)):
        answer = send(Seats(echo, seats=1), request(BytesIO(body + b"too much"), str(len(body))))

        assert answer == ("200 OK", body)


def test_client_that_sends_slowly_takes_no_seat():
    seats, drops, answers = Seats(echo, seats=1), Drops(), []
    slow = threading.Thread(target=lambda: answers.append(send(seats, request(drops, "3"))))
    slow.start()
    assert drops.reading.wait(timeout=10)

    meanwhile = send(seats, request())

    drops.go_on.set()
    slow.join()
    assert meanwhile == ("200 OK", b"nothing")
    assert answers == [("200 OK", b"xxx")]


def test_no_more_requests_are_worked_on_than_there_are_seats():
    inside, leave, together = threading.Semaphore(0), threading.Event(), []

    def busy(environ, start_response):
        together.append(1)
        inside.release()
        leave.wait(timeout=10)
        start_response("200 OK", [])
        return []

    seats = Seats(busy, seats=2)
    threads = [threading.Thread(target=send, args=[seats, request()]) for _ in range(5)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        assert inside.acquire(timeout=10)
    at_once = len(together)
    leave.set()
    for thread in threads:
        thread.join()

    assert (at_once, len(together)) == (2, 5)


def test_body_that_broke_off_does_not_reach_the_site():
    for body in (BytesIO(b"ema"), Gone()):
        assert send(Seats(echo, seats=1), request(body, "7")) == ("400 Bad Request", b"")


def test_body_that_no_form_may_send_is_left_unread():
    body = BytesIO(b"x" * 10)

    def refuse(environ, start_response):
        start_response("413 Content Too Large", [])
        return []

    answer = send(Seats(refuse, seats=1), request(body, str(MAX_REQUEST + 1)))

    assert answer == ("413 Content Too Large", b"")
    assert body.tell() == 0


def test_length_that_is_no_number_promises_nothing():
    assert send(Seats(echo, seats=1), request(length="many")) == ("200 OK", b"nothing")

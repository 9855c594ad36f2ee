"""One of the processes that all write at the same time; see test_busy.py.

    python -m tests.config.busy NUMBER SECONDS

Signs readers up through the page, saves posts and sends mail, then prints how many of each.
"""

import sys
import time

import django

django.setup()

from django.test import Client  # noqa: E402

from blog.models import Post  # noqa: E402
from newsletter.models import Terms  # noqa: E402
from newsletter.tasks import send_notices  # noqa: E402
from tests.faults.processes import HOST  # noqa: E402


def main(number: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    visitor = Client(SERVER_NAME=HOST, headers={"Sec-Fetch-Site": "same-origin"})
    terms = Terms.objects.current()
    answers = []
    while time.monotonic() < end:
        turn = len(answers)
        form = {
            "email": f"reader{number}.{turn}@example.com",
            "agreed_to_terms": "on",
            "terms_version": terms.version,
        }
        network = f"{number}.{turn >> 8}.{turn % 256}.1"
        response = visitor.post("/newsletter/subscribe/", form, REMOTE_ADDR=network)
        answers.append(response.status_code)
        Post(title=f"Post {number}", status="published").save()
        send_notices.call()
    print(sorted(set(answers)), len(answers))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))

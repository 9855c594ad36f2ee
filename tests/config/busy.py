"""One of the processes that all write at the same time; see test_busy.py.

    python -m tests.config.busy NUMBER ROUNDS

Signs readers up through the page, saves posts and sends mail, then prints how many of each.
"""

import sys

import django

django.setup()

from django.test import Client  # noqa: E402

from blog.models import Post  # noqa: E402
from newsletter.models import Terms  # noqa: E402
from newsletter.tasks import send_notices  # noqa: E402


def main(number: str, rounds: int) -> None:
    visitor = Client(headers={"Sec-Fetch-Site": "same-origin"})
    terms = Terms.objects.current()
    answers = []
    for turn in range(rounds):
        form = {
            "email": f"reader{number}.{turn}@example.com",
            "agreed_to_terms": "on",
            "terms_version": terms.version,
        }
        response = visitor.post("/newsletter/subscribe/", form, REMOTE_ADDR=f"10.{number}.{turn}.1")
        answers.append(response.status_code)
        Post(title=f"Post {number}", status="published").save()
        send_notices.call()
    print(sorted(set(answers)), len(answers))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

"""The links and the picture by which an issue is counted, the same in every reader's mail.

docs/counting.md says what is stored of it.
"""

import re
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import urlsplit

from django.urls import reverse

from blog.links import absolute
from newsletter import merge_tags
from newsletter.models import CountedLink, FrozenMail, Issue, NewsletterSettings
from newsletter.models.counted import PICTURE

# A sum over fewer would tell what each of them did.
FEWEST_READERS = 10
# A link as the inliner writes it: each value in double quotes, with none inside. The third group is
# there where its words are an address too.
MORE = r'(?:\s+(?!href=)[^\s=>"]+(?:="[^"]*")?)*'
LINK = re.compile(rf'(<a{MORE}\s+href=")([^"]*)(?="{MORE}\s*>\s*(https?://|www\.)?)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Counting:
    """What of an issue's mail is to be counted."""

    issue: Issue
    clicks: bool
    loads: bool

    @classmethod
    def wanted(cls, issue: Issue) -> "Counting":
        """As the newsletter's settings are now."""
        settings = NewsletterSettings.current()
        return cls(issue, settings.counts_clicks, settings.counts_loads)

    @property
    def is_on(self) -> bool:
        return self.clicks or self.loads

    @property
    def has_too_few(self) -> bool:
        """Whether so few readers would get it now that it goes out uncounted."""
        return self.issue.audience_now()[:FEWEST_READERS].count() < FEWEST_READERS

    def done_to(self, html: str) -> tuple[str, list[str]]:
        """The counted mail, and the addresses that its numbers 1, 2, … stand for."""
        numbers: dict[str, int] = {}

        def through_us(found: re.Match[str]) -> str:
            address = unescape(found[2])
            # Mail programs warn of a link that goes elsewhere than its words say.
            if found[3] or not self._is_counted(address):
                return found[0]
            number = numbers.setdefault(address, len(numbers) + 1)
            return found[1] + escape(_click(self.issue, number))

        if self.clicks:
            html = LINK.sub(through_us, html)
        if self.loads:
            html = html.replace("</body>", f"{_picture(self.issue)}</body>")
        return html, list(numbers)

    def _is_counted(self, address: str) -> bool:
        """Not what differs from reader to reader, nor the way to the issue's own page."""
        if merge_tags.PLACES.search(address):
            return False
        own_page = absolute(self.issue.get_absolute_url()) if self.issue.slug else absolute("/")
        if address.partition("#")[0] == own_page:
            return False
        try:
            parts = urlsplit(address)
        except ValueError:
            return False
        return parts.scheme in {"http", "https"} and bool(parts.netloc)


def count_in(mail: FrozenMail) -> None:
    """Make the mail of an issue that starts a counted one, where the settings want that."""
    counting = Counting.wanted(mail.issue)
    if not counting.is_on or counting.has_too_few:
        return
    mail.html, addresses = counting.done_to(mail.html)
    rows = [
        CountedLink(issue=mail.issue, number=number, address=address)
        for number, address in enumerate(addresses, start=PICTURE + 1)
    ]
    if counting.loads:
        rows.append(CountedLink(issue=mail.issue, number=PICTURE))
    CountedLink.objects.bulk_create(rows)


def uncounted(mail: FrozenMail) -> str:
    """Its HTML with the true links and no picture, for looking at it without being counted."""
    links = dict(CountedLink.objects.filter(issue=mail.issue).values_list("number", "address"))
    if not links:
        return mail.html
    # By their paths: the site may have moved to another address since.
    click = re.compile(rf'(?<=href=")[^"]*/newsletter/click/{mail.issue_id}/(\d+)/(?=")')
    picture = re.compile(rf'<img src="[^"]*/newsletter/load/{mail.issue_id}\.gif"[^>]*>')
    html = click.sub(lambda found: escape(links.get(int(found[1]), found[0])), mail.html)
    return picture.sub("", html)


def _click(issue: Issue, number: int) -> str:
    # An issue that was never saved has no number; nobody follows the links of its preview.
    return absolute(reverse("newsletter:click", args=[issue.pk or 0, number]))


def _picture(issue: Issue) -> str:
    source = absolute(reverse("newsletter:load", args=[issue.pk or 0]))
    return f'<img src="{escape(source)}" width="1" height="1" alt="">'

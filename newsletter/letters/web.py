"""An issue as the web shows it: for everybody, with its posts as they are today."""

from dataclasses import dataclass
from functools import cached_property

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from blog import markdown
from blog.links import absolute
from blog.models import Post
from newsletter import merge_tags
from newsletter.models import Issue

# What a page may weigh. Posts beyond it are there as summaries, as in a mail.
MOST_HTML = 1_000_000


@dataclass
class WebIssue:
    """What the template asks for. Reads the posts of its issue."""

    issue: Issue
    shows_posts: bool = True  # whole, where the issue does

    @cached_property
    def intro(self) -> SafeString:
        # Without its ids, which the text below may have too.
        return markdown.safe(
            markdown.mail_html(merge_tags.for_everybody(self.issue.intro_html), "")
        )

    @property
    def body(self) -> SafeString:
        return markdown.safe(merge_tags.for_everybody(self.issue.html))

    @cached_property
    def posts(self) -> list[Post]:
        return [place.post for place in self.issue.places.all() if place.post]

    @property
    def pieces(self) -> list[tuple[Post, SafeString]]:
        """Each post with its text, which is empty where only its summary is shown."""
        pieces, room = [], MOST_HTML
        for post in self.posts:
            room -= len(post.html)
            pieces.append((post, self._text_of(post) if room > 0 else markdown.safe("")))
        return pieces

    @property
    def canonical(self) -> Issue | Post:
        """Where search engines are sent: to the post where the issue is nothing else."""
        is_one_post = len(self.posts) == 1 and not self.issue.body
        return self.posts[0] if is_one_post else self.issue

    @property
    def feed_html(self) -> str:
        html = render_to_string("newsletter/_issue.html", {"shown": self})
        return markdown.feed_html(html, absolute(self.issue.get_absolute_url()))

    def _text_of(self, post: Post) -> SafeString:
        if not self.shows_posts or self.issue.shows != Issue.Shows.FULL:
            return markdown.safe("")
        page = absolute(post.get_absolute_url())
        return markdown.safe(markdown.mail_html(post.html, page, deeper=1))

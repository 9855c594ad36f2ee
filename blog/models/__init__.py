"""What the blog stores."""

from blog.models.announcement import Announcement
from blog.models.author import Author
from blog.models.category import Category
from blog.models.edition import Edition
from blog.models.heartbeat import Heartbeat
from blog.models.imported import Imported
from blog.models.limit import Limit
from blog.models.link import Link
from blog.models.outgoing import AccountMail, Outgoing
from blog.models.page import Page
from blog.models.place import Mark, Place
from blog.models.post import Post
from blog.models.redirect import Redirect
from blog.models.search import SearchEntry, SearchMark, SearchWord
from blog.models.series import Series
from blog.models.site import Site

__all__ = [
    "AccountMail",
    "Announcement",
    "Author",
    "Category",
    "Edition",
    "Heartbeat",
    "Imported",
    "Limit",
    "Link",
    "Mark",
    "Outgoing",
    "Page",
    "Place",
    "Post",
    "Redirect",
    "SearchEntry",
    "SearchMark",
    "SearchWord",
    "Series",
    "Site",
]

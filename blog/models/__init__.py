"""What the blog stores."""

from blog.models.author import Author
from blog.models.category import Category
from blog.models.heartbeat import Heartbeat
from blog.models.imported import Imported
from blog.models.limit import Limit
from blog.models.outgoing import AccountMail, Outgoing
from blog.models.post import Post
from blog.models.redirect import Redirect
from blog.models.search import SearchEntry, SearchMark, SearchWord
from blog.models.site import Site

__all__ = [
    "AccountMail",
    "Author",
    "Category",
    "Heartbeat",
    "Imported",
    "Limit",
    "Outgoing",
    "Post",
    "Redirect",
    "SearchEntry",
    "SearchMark",
    "SearchWord",
    "Site",
]

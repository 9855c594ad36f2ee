"""The blog's rooms of the newsroom: what an editor sees and may do."""

from blog.admin.authors import AccountMailAdmin, AuthorAdmin
from blog.admin.categories import CategoryAdmin
from blog.admin.pages import PageAdmin
from blog.admin.posts import PostAdmin
from blog.admin.site import RedirectAdmin, SiteAdmin

__all__ = [
    "AccountMailAdmin",
    "AuthorAdmin",
    "CategoryAdmin",
    "PageAdmin",
    "PostAdmin",
    "RedirectAdmin",
    "SiteAdmin",
]

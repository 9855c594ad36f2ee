"""The blog's addresses, as readers bookmark them."""

from collections.abc import Callable

from django.urls import URLPattern, path

import blog.converters  # noqa: F401 (which makes `uslug` known)
from blog import feeds, sitemaps, views
from blog.cache import public


def feeds_of(channel: Callable[..., feeds.Channel], start: str, name: str) -> list[URLPattern]:
    formats = {"": feeds.Atom, "_rss": feeds.Rss, "_json": feeds.Json}
    return [
        path(start + kind.suffix, public(feeds.Posts(channel, kind)), name=name + ending)
        for ending, kind in formats.items()
    ]


app_name = "blog"
urlpatterns = [
    path("", views.home, name="home"),
    path("posts/<uslug:slug>/", views.post, name="post"),
    path("categories/", views.categories, name="categories"),
    path("categories/<uslug:slug>/", views.category, name="category"),
    path("authors/<uslug:slug>/", views.author, name="author"),
    path("archive/", views.archive, name="archive"),
    path("archive/<int:year>/", views.archive, name="archive_year"),
    path("archive/<int:year>/<int:month>/", views.archive, name="archive_month"),
    path("search/", views.search, name="search"),
    *feeds_of(feeds.everything, "", "feed"),
    *feeds_of(feeds.of_category, "categories/<uslug:slug>/", "category_feed"),
    *feeds_of(feeds.of_author, "authors/<uslug:slug>/", "author_feed"),
    path("sitemap.xml", public(sitemaps.sitemap), name="sitemap"),
    path("sitemap-<slug:section>.xml", public(sitemaps.section), name="sitemap_section"),
    path("robots.txt", views.robots, name="robots"),
    path("favicon.ico", views.favicon, name="favicon"),
]

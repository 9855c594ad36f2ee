"""The blog's addresses, as readers bookmark them."""

from collections.abc import Callable

from django.urls import URLPattern, path

import blog.converters  # noqa: F401 (which makes `uslug` and `shade` known)
from blog import feeds, machines, share, sitemaps, views
from blog.cache import public


def feeds_of(channel: Callable[..., feeds.Channel], start: str, name: str) -> list[URLPattern]:
    formats = {"": feeds.ATOM, "_rss": feeds.RSS, "_json": feeds.JSON}
    return [
        path(start + kind.suffix, public(feeds.view(channel, kind)), name=name + ending)
        for ending, kind in formats.items()
    ]


app_name = "blog"
urlpatterns = [
    path("", views.home, name="home"),
    path("posts/<uslug:slug>/", views.post, name="post"),
    path("posts/<uslug:slug>.md", machines.post_written, name="post_written"),
    path("categories/", views.categories, name="categories"),
    path("categories/<uslug:slug>/", views.category, name="category"),
    path("authors/<uslug:slug>/", views.author, name="author"),
    path("series/<uslug:slug>/", views.series, name="series"),
    path("archive/", views.archive, name="archive"),
    path("archive/<int:year>/", views.archive, name="archive_year"),
    path("archive/<int:year>/<int:month>/", views.archive, name="archive_month"),
    path("search/", views.search, name="search"),
    *feeds_of(feeds.everything, "", "feed"),
    *feeds_of(feeds.of_category, "categories/<uslug:slug>/", "category_feed"),
    *feeds_of(feeds.of_author, "authors/<uslug:slug>/", "author_feed"),
    path("card.png", share.site_card, name="card"),
    path("posts/<uslug:slug>/card.png", share.post_card, name="post_card"),
    path("categories/<uslug:slug>/card.png", share.category_card, name="category_card"),
    path("authors/<uslug:slug>/card.png", share.author_card, name="author_card"),
    path("sitemap.xml", public(sitemaps.sitemap), name="sitemap"),
    path(
        "sitemap-<slug:section>.xml",
        public(sitemaps.section, params=("p",)),
        name="sitemap_section",
    ),
    path("robots.txt", machines.robots, name="robots"),
    path("llms.txt", machines.llms, name="llms"),
    path("<slug:key>.txt", machines.index_now_key, name="index_now_key"),
    path("accent-<shade:light>-<shade:dark>.css", views.accent, name="accent"),
    path("favicon.ico", views.favicon, name="favicon"),
    # The last of all, here and in config/urls.py: an address of the site's own always wins.
    path("<pslug:slug>/", views.page, name="page"),
]

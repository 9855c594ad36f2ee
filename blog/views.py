"""The public pages. Nothing here looks at who asks: a page is the same bytes for everyone."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import InvalidPage, Paginator
from django.core.paginator import Page as PageOfRows
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.common import no_append_slash
from django.views.decorators.http import require_safe

from blog import markdown
from blog.archive import by_month, months, period_or_404, years
from blog.cache import public
from blog.filed import with_categories
from blog.framing import letting_in
from blog.lists import Listing, WithinPeriod
from blog.models import Author, Category, Page, Post, Series, Site
from blog.models.place import EVERYTHING, list_of
from blog.models.post_queryset import PostQuerySet
from blog.neighbours import around, with_leading_on
from blog.prepared import Prepared, moment, text
from blog.search.index import is_caught_up
from blog.search.page import RESULTS_A_PAGE, Asked, SearchPage
from blog.shared import shared

# The query parameter of lists.
PAGE = ("page",)
POSTS_A_PAGE = 10
LEDGER_LINES = 100
FAVICON = Path(__file__).parent / "static/blog/favicon.ico"


def page_of(request: HttpRequest, rows: Any, size: int = POSTS_A_PAGE) -> PageOfRows:
    """The page that `?page=` names. Whatever is not the number of a page is not found."""
    try:
        return Paginator(rows, size).page(request.GET.get("page", 1))
    except InvalidPage:
        raise Http404 from None


@shared
def current_lead() -> Post | None:
    """The post that the home page shows large."""
    return Post.objects.listed("updated_at").published().lead()


@public(params=PAGE)
def home(request: HttpRequest) -> HttpResponse:
    lead = current_lead()
    page = page_of(request, Listing(EVERYTHING, without=lead))
    with_categories(post for post in (lead, *page) if post)
    return render(request, "blog/home.html", {"lead": lead, "page": page})


@Prepared
def posts_called() -> PostQuerySet:
    posts = Post.objects.published(moment("now")).with_translations(moment("now"))
    posts = with_leading_on(posts.on_its_page(), moment("now"))
    # Unordered: to have it in order, SQLite would walk through all that is published.
    return posts.filter(slug=text("slug")).order_by()


@public
def post(request: HttpRequest, slug: str) -> HttpResponse:
    found = with_categories(posts_called(slug=slug, now=timezone.now()))
    if not found:
        raise Http404
    post = found[0]
    others = Post.objects.in_other_languages(post) if post.has_translations else []
    context = {"post": post, "translations": others, "around": around(post)}
    response = render(request, "blog/post.html", context)
    return letting_in(markdown.player_origins(post.html), request, response)


@public
def categories(request: HttpRequest) -> HttpResponse:
    return render(request, "blog/categories.html", {"categories": Category.objects.with_counts()})


@shared
def category_called(slug: str) -> Category:
    return get_object_or_404(Category, slug=slug)


@public(params=PAGE)
def category(request: HttpRequest, slug: str) -> HttpResponse:
    category = category_called(slug)
    page = page_of(request, Listing(list_of(category)))
    with_categories(page)
    return render(request, "blog/category.html", {"category": category, "page": page})


@shared
def author_called(slug: str) -> Author:
    return get_object_or_404(Author.objects.published(), slug=slug)


@public(params=PAGE)
def author(request: HttpRequest, slug: str) -> HttpResponse:
    author = author_called(slug)
    page = page_of(request, Listing(list_of(author)))
    with_categories(page)
    return render(request, "blog/author.html", {"author": author, "page": page})


@public
def series(request: HttpRequest, slug: str) -> HttpResponse:
    series = get_object_or_404(Series, slug=slug)
    parts = with_categories(Post.objects.listed().in_series(series))
    if not parts:
        raise Http404
    return render(request, "blog/series.html", {"series": series, "parts": parts})


@public(params=PAGE)
def archive(
    request: HttpRequest, year: int | None = None, month: int | None = None
) -> HttpResponse:
    titles = PostQuerySet.titles
    if year is None:
        period, periods = None, years()
        posts = Listing(EVERYTHING, titles, size=sum(each.count for each in periods))
    else:
        period, periods = period_or_404(year, month), months(year)
        size = sum(each.count for each in periods if month in {None, each.month})
        posts = WithinPeriod(EVERYTHING, titles, (period.start, period.end), size)
    page = page_of(request, posts, LEDGER_LINES)
    if period and not page:
        raise Http404
    context = {"period": period, "periods": periods, "page": page, "groups": by_month(page)}
    return render(request, "blog/archive.html", context)


@public(params=("q", "category", "author", "year", *PAGE), kept=False)
def search(request: HttpRequest) -> HttpResponse:
    try:
        found = SearchPage(Asked.read(request.GET))
    except (ObjectDoesNotExist, ValueError):
        raise Http404 from None
    is_whole = is_caught_up()
    page = page_of(request, found.found.post_ids, RESULTS_A_PAGE)
    context = {"search": found, "page": page, "results": found.results(page), "is_whole": is_whole}
    response = render(request, "blog/search.html", context)
    if not is_whole:
        # Not for anybody to keep while posts that were changed in bulk are still being taken in.
        response["Cache-Control"] = "no-store"
    return response


# Without a slash any one word would be led to the address with it, whether or not a page is there;
# blog/middleware.py leads on where one is.
@no_append_slash
@public
def page(request: HttpRequest, slug: str) -> HttpResponse:
    page = get_object_or_404(Page.objects.published().defer("body"), slug=slug)
    return render(request, "blog/page.html", {"page": page})


@require_safe
def accent(request: HttpRequest, light: str, dark: str) -> HttpResponse:
    """The site's own accent. All of it stands in the address, so it never changes there."""
    sheet = f":root{{--accent:light-dark(#{light},#{dark})}}\n"
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return HttpResponse(sheet, content_type="text/css; charset=utf-8", headers=headers)


@require_safe
def favicon(request: HttpRequest) -> FileResponse | HttpResponse:
    """Browsers, readers and search engines ask for it here, whatever a page says."""
    if icon := Site.current().icon:
        place: str = icon.tab_url  # type: ignore[attr-defined]
        headers = {"Location": place, "Cache-Control": "public, max-age=3600"}
        return HttpResponse(status=302, headers=headers)
    headers = {"Cache-Control": "public, max-age=86400"}
    return FileResponse(FAVICON.open("rb"), content_type="image/x-icon", headers=headers)

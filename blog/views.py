"""The public pages. Nothing here looks at who asks: a page is the same bytes for everyone."""

from pathlib import Path

from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import InvalidPage, Page, Paginator
from django.db.models import QuerySet, prefetch_related_objects
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from blog.archive import months, period_or_404, years
from blog.cache import public
from blog.links import absolute
from blog.models import Author, Category, Post
from blog.search.index import is_caught_up
from blog.search.page import RESULTS_A_PAGE, Asked, SearchPage

POSTS_A_PAGE = 10
LEDGER_LINES = 100
FAVICON = Path(__file__).parent / "static/blog/favicon.ico"


def page_of(request: HttpRequest, rows: QuerySet | list, size: int = POSTS_A_PAGE) -> Page:
    """The page that `?page=` names. Whatever is not the number of a page is not found."""
    try:
        return Paginator(rows, size).page(request.GET.get("page", 1))
    except InvalidPage:
        raise Http404 from None


@public
def home(request: HttpRequest) -> HttpResponse:
    posts = Post.objects.published().listed().prefetch_related(None)
    lead = posts.lead()
    page = page_of(request, posts.exclude(pk=lead.pk) if lead else posts)
    prefetch_related_objects([post for post in (lead, *page) if post], "categories")
    return render(request, "blog/home.html", {"lead": lead, "page": page})


@public
def post(request: HttpRequest, slug: str) -> HttpResponse:
    posts = Post.objects.published()
    post = get_object_or_404(
        posts.select_related("author").prefetch_related("categories").defer("body"), slug=slug
    )
    context = {"post": post, "older": posts.older_than(post), "newer": posts.newer_than(post)}
    return render(request, "blog/post.html", context)


@public
def categories(request: HttpRequest) -> HttpResponse:
    return render(request, "blog/categories.html", {"categories": Category.objects.with_counts()})


@public
def category(request: HttpRequest, slug: str) -> HttpResponse:
    category = get_object_or_404(Category, slug=slug)
    page = page_of(request, Post.objects.published().filter(categories=category).listed())
    return render(request, "blog/category.html", {"category": category, "page": page})


@public
def author(request: HttpRequest, slug: str) -> HttpResponse:
    author = get_object_or_404(Author.objects.published(), slug=slug)
    page = page_of(request, Post.objects.published().filter(author=author).listed())
    return render(request, "blog/author.html", {"author": author, "page": page})


@public
def archive(
    request: HttpRequest, year: int | None = None, month: int | None = None
) -> HttpResponse:
    posts = Post.objects.published()
    if year is None:
        period, periods, inside = None, years(posts), posts
    else:
        period = period_or_404(year, month)
        periods, inside = months(posts, year), posts.filter(period.contains())
    page = page_of(request, inside.titles(), LEDGER_LINES)
    if period and not page:
        raise Http404
    return render(
        request, "blog/archive.html", {"period": period, "periods": periods, "page": page}
    )


@csrf_exempt
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Not for anybody to keep while posts that were changed in bulk are still being taken in."""
    is_whole = is_caught_up()
    return (public(results) if is_whole else results)(request, is_whole=is_whole)


def results(request: HttpRequest, *, is_whole: bool) -> HttpResponse:
    try:
        found = SearchPage(Asked.read(request.GET))
    except (ObjectDoesNotExist, ValueError):
        raise Http404 from None
    page = page_of(request, found.matches, RESULTS_A_PAGE)
    context = {"search": found, "page": page, "results": found.results(page), "is_whole": is_whole}
    return render(request, "blog/search.html", context)


@public
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        f"Disallow: {reverse('admin:index')}",
        f"Sitemap: {absolute(reverse('blog:sitemap'))}",
    ]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> FileResponse:
    """Browsers, readers and search engines ask for it here, whatever a page says."""
    headers = {"Cache-Control": "public, max-age=86400"}
    return FileResponse(FAVICON.open("rb"), content_type="image/x-icon", headers=headers)

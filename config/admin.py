"""The admin: the newsroom."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.views import PasswordResetConfirmView
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from blog.models import Site
from blog.sign_in import Guesses, PasswordLinkForm, SignInForm
from blog.tasks import send_account_mail
from config.newsroom import front_page

APPS = ["blog", "newsletter", "auth"]
APP_NAMES = {"auth": _("Rights"), "django_tasks_database": _("Background")}
MODELS = [
    "Post",
    "Page",
    "Category",
    "Series",
    "Author",
    "Redirect",
    "Site",
    "Issue",
    "Digest",
    "Subscriber",
    "Terms",
    "NewsletterSettings",
    "Notice",
]


# Django's own pages take every method that they do not know for GET, TRACE too.
answered = require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])


class NewsroomSite(admin.AdminSite):
    site_header = site_title = "Pennypost"
    index_title = _("Newsroom")
    empty_value_display = "–"
    login_form = SignInForm

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own = [
            path("password/", answered(self.password_link), name="password_link"),
            path("password/sent/", answered(self.password_link_sent), name="password_link_sent"),
            path("password/<str:uidb64>/<str:token>/", self.set_password, name="set_password"),
        ]
        # Django's shortcut leads anybody to the address of any row, other people's drafts included.
        return own + [
            url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"
        ]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return answered(super().admin_view(view, cacheable))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        # Django's sign-in page would otherwise take the visitor's Host header for the site's name.
        return super().each_context(request) | {"site": SimpleLazyObject(Site.current)}

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().login(request, {"title": gettext("Sign in")} | (extra_context or {}))

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        return super().index(request, front_page(request) | (extra_context or {}))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list:
        """In the order in which an editor needs them, not in that of the alphabet."""
        apps = super().get_app_list(request, app_label)
        apps.sort(key=lambda app: _place(APPS, app["app_label"]))
        for app in apps:
            app["name"] = APP_NAMES.get(app["app_label"], app["name"])
            app["models"].sort(key=lambda model: _place(MODELS, model["object_name"]))
        return apps

    @method_decorator(never_cache)
    def password_link(self, request: HttpRequest) -> HttpResponse:
        """Ask for an address; what becomes of it is decided where nobody can watch."""
        form = PasswordLinkForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            with transaction.atomic():
                form.ask(request)
                transaction.on_commit(send_account_mail.enqueue, robust=True)
            return HttpResponseRedirect(reverse("admin:password_link_sent"))
        context = self._open_page(request, gettext("A new password")) | {"form": form}
        return TemplateResponse(request, "admin/account/password_link.html", context)

    @method_decorator(never_cache)
    def password_link_sent(self, request: HttpRequest) -> HttpResponse:
        context = self._open_page(request, gettext("Look into your inbox"))
        return TemplateResponse(request, "admin/account/password_link_sent.html", context)

    def set_password(self, request: HttpRequest, uidb64: str, token: str) -> HttpResponseBase:
        page = SetPassword.as_view(extra_context=self.each_context(request))
        return page(request, uidb64=uidb64, token=token)

    def _open_page(self, request: HttpRequest, title: str) -> dict[str, Any]:
        """What the frame of a page needs that everybody may see."""
        return self.each_context(request) | {"title": title, "has_permission": False}


class SetPassword(PasswordResetConfirmView):
    """Where an invitation or a forgotten password leads. Other sessions end with the old one."""

    template_name = "admin/account/set_password.html"
    success_url = reverse_lazy("admin:login")
    title = _("Choose a password")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(
            self.request, gettext("Your password is set. You can sign in with it now.")
        )
        Guesses(self.request, form.user.get_username()).welcome()
        return super().form_valid(form)


def _place(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)

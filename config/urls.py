"""The contents page of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from blog.media import media

urlpatterns = [
    path("admin/", admin.site.urls),
    path("media/<path:path>", media, name="media"),
    *([path("mailbox/", include("config.devmail"))] if settings.DEBUG else []),
    path("", include("newsletter.urls")),
    # The last, since it ends with the address of any page that an editor may write.
    path("", include("blog.urls")),
]

handler400 = "config.errors.bad_request"
handler500 = "config.errors.server_error"

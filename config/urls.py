"""The contents page of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from blog.media import media

urlpatterns = [
    path("admin/", admin.site.urls),
    path("media/<path:path>", media, name="media"),
    path("", include("newsletter.urls")),
    path("", include("blog.urls")),
]
if settings.DEBUG:
    urlpatterns.append(path("mailbox/", include("config.devmail")))

handler400 = "config.errors.bad_request"
handler500 = "config.errors.server_error"

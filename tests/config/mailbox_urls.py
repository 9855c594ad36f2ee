"""The addresses of a site with DEBUG on, which is decided when config.urls is imported."""

from django.urls import include, path

from config import urls

urlpatterns = [path("mailbox/", include("config.devmail")), *urls.urlpatterns]

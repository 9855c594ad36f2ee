"""The blog's addresses, as readers bookmark them."""

from django.urls import URLPattern

app_name = "blog"
urlpatterns: list[URLPattern] = []

"""Subscribers: read by the newsroom, and changed only by themselves."""

from django.contrib import admin

from blog.admin.base import ReadOnlyRoom
from newsletter.models import Subscriber


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyRoom):
    list_display = ["__str__", "status", "terms", "created_at"]
    list_select_related = ["terms"]
    sortable_by = ()
    fields = ["email", "status", "agreed_to_terms", "terms", "created_at", "confirmed_at"]

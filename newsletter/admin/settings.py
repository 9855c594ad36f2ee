"""How the newsletter takes its readers in."""

from django.contrib import admin

from blog.admin.base import OneRowRoom
from newsletter.models import NewsletterSettings


@admin.register(NewsletterSettings)
class NewsletterSettingsAdmin(OneRowRoom):
    fieldsets = [("Signing up", {"fields": ["offers_topics"]})]

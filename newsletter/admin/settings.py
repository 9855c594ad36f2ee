"""How the newsletter takes its readers in."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from blog import markdown
from blog.admin.base import OneRowRoom, renderable
from newsletter import merge_tags
from newsletter.models import NewsletterSettings


class NewsletterSettingsForm(forms.ModelForm):
    class Meta:
        model = NewsletterSettings
        fields = [
            "offers_topics",
            "welcomes",
            "welcome_subject",
            "welcome_text",
            "reminds",
            "reminder_days",
        ]
        widgets = {"welcome_text": forms.Textarea(attrs={"rows": 12, "class": "vLargeTextField"})}

    def clean_welcome_text(self) -> str:
        text = renderable(self.cleaned_data["welcome_text"])
        if unknown := merge_tags.unknown(markdown.render(merge_tags.to_places(text)).html):
            raise ValidationError(f"Nothing stands for {unknown[0]}, so it would go out like that.")
        return text


@admin.register(NewsletterSettings)
class NewsletterSettingsAdmin(OneRowRoom):
    form = NewsletterSettingsForm
    fieldsets = [
        ("Signing up", {"fields": ["offers_topics"]}),
        ("Welcome", {"fields": ["welcomes", "welcome_subject", "welcome_text"]}),
        ("Reminder", {"fields": ["reminds", "reminder_days"]}),
    ]

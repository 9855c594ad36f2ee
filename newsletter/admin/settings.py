"""How the newsletter takes its readers in."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog import markdown
from blog.admin.base import OneRowRoom, renderable
from newsletter import merge_tags
from newsletter.models import NewsletterSettings

COUNTING = _(
    "Sums for each issue, link and day, and nothing about who it was. Your privacy page says what "
    "is switched on; see that your terms & conditions do not say otherwise. It holds for issues "
    "that start from then on. Switched off, the links in earlier mails still lead on, and nothing "
    "is counted any more."
)


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
            "counts_clicks",
            "counts_loads",
        ]
        widgets = {"welcome_text": forms.Textarea(attrs={"rows": 12, "class": "vLargeTextField"})}

    def clean_welcome_text(self) -> str:
        text = renderable(self.cleaned_data["welcome_text"])
        if unknown := merge_tags.unknown(markdown.render(merge_tags.to_places(text)).html):
            raise ValidationError(
                gettext("Nothing stands for %(tag)s, so it would go out like that.")
                % {"tag": unknown[0]}
            )
        return text


@admin.register(NewsletterSettings)
class NewsletterSettingsAdmin(OneRowRoom):
    form = NewsletterSettingsForm
    fieldsets = [
        (_("Signing up"), {"fields": ["offers_topics"]}),
        (_("Welcome"), {"fields": ["welcomes", "welcome_subject", "welcome_text"]}),
        (_("Reminder"), {"fields": ["reminds", "reminder_days"]}),
        (_("Counting"), {"fields": ["counts_clicks", "counts_loads"], "description": COUNTING}),
    ]

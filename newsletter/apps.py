from anymail.signals import tracking
from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from newsletter import locks


class NewsletterConfig(AppConfig):
    name = "newsletter"
    verbose_name = _("Newsletter")

    def ready(self) -> None:
        post_migrate.connect(locks.fit, sender=self)
        from newsletter import shown, webhooks

        shown.tell()
        # anymail leaves no other way to be told than its signal.
        tracking.connect(webhooks.on_event, dispatch_uid="newsletter")

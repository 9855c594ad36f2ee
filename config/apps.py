from django.apps import AppConfig
from django.contrib.admin import apps
from django.utils.translation import gettext_lazy as _


class SiteConfig(AppConfig):
    """How the site is put together and run."""

    name = "config"
    verbose_name = _("Site")
    default = True

    def ready(self) -> None:
        from config import checks  # noqa: F401  # registers them


class AdminConfig(apps.AdminConfig):
    default = False
    default_site = "config.admin.NewsroomSite"

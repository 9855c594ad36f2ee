from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import (
    m2m_changed,
    post_delete,
    post_migrate,
    post_save,
    pre_migrate,
)
from django.utils.translation import gettext_lazy as _


class BlogConfig(AppConfig):
    name = "blog"
    verbose_name = _("Blog")

    def ready(self) -> None:
        # Models can be imported only now.
        from blog import editions, freshness, places
        from blog.models import Category, Post
        from blog.search import signals, triggers

        pre_migrate.connect(places.drop_triggers, sender=self)
        pre_migrate.connect(triggers.take_away, sender=self)
        post_migrate.connect(places.make_triggers, sender=self)
        post_migrate.connect(triggers.fit, sender=self)
        post_migrate.connect(editions.fit, sender=self)
        connection_created.connect(freshness.watch)
        post_save.connect(signals.on_save, sender=Post)
        m2m_changed.connect(signals.on_filing, sender=Post.categories.through)
        post_delete.connect(signals.on_merge, sender=Category)

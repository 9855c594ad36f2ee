from django.apps import AppConfig
from django.db.models.signals import (
    m2m_changed,
    post_delete,
    post_migrate,
    post_save,
    pre_migrate,
)


class BlogConfig(AppConfig):
    name = "blog"
    verbose_name = "Blog"

    def ready(self) -> None:
        # Models can be imported only now.
        from blog.models import Category, Post
        from blog.search import signals, triggers

        pre_migrate.connect(triggers.take_away, sender=self)
        post_migrate.connect(triggers.fit, sender=self)
        post_save.connect(signals.on_save, sender=Post)
        m2m_changed.connect(signals.on_filing, sender=Post.categories.through)
        post_delete.connect(signals.on_merge, sender=Category)

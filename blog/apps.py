from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class BlogConfig(AppConfig):
    name = "blog"
    verbose_name = "Blog"

    def ready(self) -> None:
        from blog import editions, freshness

        post_migrate.connect(editions.fit, sender=self)
        connection_created.connect(freshness.watch)

"""Posts with a date that no page can show: such rows came in before they were refused."""

from datetime import UTC, datetime

from django.db import migrations
from django.db.models import F, Q

EARLIEST, TOO_LATE = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def clear(apps, schema_editor):
    posts = apps.get_model("blog", "Post").objects.using(schema_editor.connection.alias)
    for name in ("published_at", "updated_at"):
        absurd = Q(**{f"{name}__lt": EARLIEST}) | Q(**{f"{name}__gte": TOO_LATE})
        posts.filter(absurd).update(**{name: F("created_at")})


class Migration(migrations.Migration):
    dependencies = [("blog", "0006_newsroom_lists")]

    operations = [migrations.RunPython(clear, migrations.RunPython.noop, elidable=True)]

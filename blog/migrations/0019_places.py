from django.db import migrations, models


class Migration(migrations.Migration):
    """The triggers that fill both come after every migration: see blog/places.py."""

    dependencies = [
        ("blog", "0018_announcements"),
    ]

    operations = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("pk", models.CompositePrimaryKey("list", "number", blank=True, editable=False, primary_key=True, serialize=False)),
                ("list", models.CharField(max_length=40)),
                ("number", models.PositiveIntegerField()),
                ("published_at", models.DateTimeField()),
                ("post_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                ("pk", models.CompositePrimaryKey("post_id", "list", blank=True, editable=False, primary_key=True, serialize=False)),
                ("post_id", models.BigIntegerField()),
                ("list", models.CharField(max_length=40)),
                ("published_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["list", "-published_at", "-post_id"], name="place_newest")],
            },
        ),
    ]

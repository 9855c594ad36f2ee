from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("blog", "0017_ai_crawlers")]

    operations = [
        migrations.CreateModel(
            name="Announcement",
            fields=[
                ("path", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("due_at", models.DateTimeField(db_index=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("was_public", models.BooleanField(default=False)),
            ],
        ),
    ]

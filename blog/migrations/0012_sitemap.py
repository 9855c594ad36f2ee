from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("blog", "0011_language")]

    operations = [
        migrations.AddIndex(
            "post",
            models.Index(
                fields=["status", "published_at", "updated_at", "id"], name="post_sitemap"
            ),
        ),
    ]

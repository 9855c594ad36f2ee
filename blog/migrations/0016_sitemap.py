from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("blog", "0015_page_rights")]

    operations = [
        migrations.AddIndex(
            "post",
            models.Index(
                fields=["status", "published_at", "updated_at", "id"], name="post_sitemap"
            ),
        ),
    ]

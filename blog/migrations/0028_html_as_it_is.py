from django.db import migrations

# PostgreSQL compresses long texts, and to unpack ten of them for a feed took it nearly as long as all
# else that it does for one. What was stored before stays as it is until its post is rendered again.
KEEP = "ALTER TABLE blog_post ALTER COLUMN html SET STORAGE EXTERNAL"
COMPRESS = "ALTER TABLE blog_post ALTER COLUMN html SET STORAGE EXTENDED"


def keep(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(KEEP)


def compress(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(COMPRESS)


class Migration(migrations.Migration):
    dependencies = [
        ("blog", "0027_site_defaults"),
    ]

    operations = [
        migrations.RunPython(keep, compress),
    ]

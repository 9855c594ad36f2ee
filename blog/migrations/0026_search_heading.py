from django.db import migrations

# Beside a post's whole vector, which is read from elsewhere on the disk, the short part of it that is
# not the text: blog/search/postgresql.py scores by it where many match.
ADD = """
    ALTER TABLE blog_searchentry ADD COLUMN heading tsvector
    GENERATED ALWAYS AS (ts_filter(vector, '{a,b,c}')) STORED
"""
DROP = "ALTER TABLE blog_searchentry DROP COLUMN heading"


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(ADD)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP)


class Migration(migrations.Migration):
    dependencies = [
        ("blog", "0025_search_places"),
    ]

    operations = [
        migrations.RunPython(add, drop),
    ]

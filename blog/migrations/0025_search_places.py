from django.db import migrations

# "c3 y2026" becomes "§c3 §y2026": blog/search/sqlite.py tells why. FTS5 keeps what it was given in
# this table of its own, and reads all of it again.
MARK = "UPDATE blog_search_content SET c3 = '§' || replace(c3, ' ', ' §') WHERE c3 <> ''"
UNMARK = "UPDATE blog_search_content SET c3 = replace(c3, '§', '')"
READ_AGAIN = "INSERT INTO blog_search (blog_search) VALUES ('rebuild')"


def mark(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(MARK)
        schema_editor.execute(READ_AGAIN)


def unmark(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(UNMARK)
        schema_editor.execute(READ_AGAIN)


class Migration(migrations.Migration):
    dependencies = [
        ("blog", "0024_names"),
    ]

    operations = [
        migrations.RunPython(mark, unmark),
    ]

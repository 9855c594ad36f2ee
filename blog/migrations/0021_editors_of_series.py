from django.db import migrations

from blog.roles import create_role

SERIES = ["blog.view_series", "blog.add_series", "blog.change_series", "blog.delete_series"]


def let_editors_edit_series(apps, schema_editor):
    create_role(apps, schema_editor.connection.alias, "Editor", SERIES)


class Migration(migrations.Migration):
    dependencies = [("blog", "0020_series_and_related")]
    operations = [migrations.RunPython(let_editors_edit_series, migrations.RunPython.noop)]

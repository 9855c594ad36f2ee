from django.db import migrations

from blog.roles import create_role

PAGES = ["blog.view_page", "blog.add_page", "blog.change_page", "blog.delete_page"]


def give_rights(apps, schema_editor):
    create_role(apps, schema_editor.connection.alias, "Editor", PAGES)


class Migration(migrations.Migration):
    dependencies = [("blog", "0014_looks")]
    operations = [migrations.RunPython(give_rights, migrations.RunPython.noop)]

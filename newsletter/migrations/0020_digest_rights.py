from django.db import migrations

from blog.roles import create_role

DIGESTS = [
    "newsletter.view_digest",
    "newsletter.add_digest",
    "newsletter.change_digest",
    "newsletter.delete_digest",
]


def give_rights(apps, schema_editor):
    create_role(apps, schema_editor.connection.alias, "Newsletter manager", DIGESTS)


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0019_digests")]
    operations = [migrations.RunPython(give_rights, migrations.RunPython.noop)]

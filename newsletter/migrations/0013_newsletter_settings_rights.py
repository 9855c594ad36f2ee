from django.db import migrations

from blog.roles import create_role

RIGHTS = ["newsletter.view_newslettersettings", "newsletter.change_newslettersettings"]


def give_rights(apps, schema_editor):
    create_role(apps, schema_editor.connection.alias, "Newsletter manager", RIGHTS)


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0012_newsletter_settings")]
    operations = [migrations.RunPython(give_rights, migrations.RunPython.noop)]

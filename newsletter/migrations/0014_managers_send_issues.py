from django.db import migrations

from blog.roles import create_role

ISSUES = [
    "newsletter.view_issue",
    "newsletter.add_issue",
    "newsletter.change_issue",
    "newsletter.delete_issue",
    "newsletter.send_issue",
]


def let_newsletter_managers_send(apps, schema_editor):
    create_role(apps, schema_editor.connection.alias, "Newsletter manager", ISSUES)


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0013_newsletter_settings_rights")]
    operations = [
        migrations.RunPython(let_newsletter_managers_send, migrations.RunPython.noop)
    ]

from django.db import migrations

from blog.roles import create_role

RIGHTS = ["newsletter.export_subscriber", "newsletter.import_subscriber"]


def give_to_newsletter_managers(apps, schema_editor):
    using = schema_editor.connection.alias
    groups = apps.get_model("auth", "Group").objects.using(using)
    # An operator may have taken the group away.
    if groups.filter(name="Newsletter manager").exists():
        create_role(apps, using, "Newsletter manager", RIGHTS)


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0006_subscriber_lists")]
    operations = [
        migrations.AlterModelOptions(
            name="subscriber",
            options={
                "ordering": ["-created_at", "-pk"],
                "permissions": [
                    ("erase_subscriber", "Can erase subscribers"),
                    ("lift_suppression", "Can lift a bounce or a complaint"),
                    ("export_subscriber", "Can export subscribers"),
                    ("import_subscriber", "Can import subscribers"),
                ],
            },
        ),
        migrations.RunPython(give_to_newsletter_managers, migrations.RunPython.noop),
    ]

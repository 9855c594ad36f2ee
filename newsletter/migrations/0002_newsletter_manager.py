from django.db import migrations

from blog.roles import create_role

NEWSLETTER_MANAGER = [
    "newsletter.view_terms",
    "newsletter.add_terms",
    "newsletter.change_terms",
    "newsletter.delete_terms",
    "newsletter.view_subscriber",
    "newsletter.change_subscriber",
    "newsletter.erase_subscriber",
    "newsletter.lift_suppression",
    "newsletter.view_consent",
    "newsletter.view_notice",
    # Its postal address, its sender and whether sign-ups are open.
    "blog.view_site",
    "blog.change_site",
]


def create_newsletter_manager(apps, schema_editor):
    using = schema_editor.connection.alias
    create_role(apps, using, "Newsletter manager", NEWSLETTER_MANAGER)


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0001_initial"), ("blog", "0002_roles")]
    operations = [migrations.RunPython(create_newsletter_manager, migrations.RunPython.noop)]

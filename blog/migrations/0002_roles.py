from django.db import migrations

from blog.roles import create_role

CONTRIBUTOR = ["blog.view_post", "blog.add_post", "blog.change_post", "blog.delete_post"]
AUTHOR = [*CONTRIBUTOR, "blog.publish_post"]
EDITOR = [
    *AUTHOR,
    "blog.change_any_post",
    "blog.view_category",
    "blog.add_category",
    "blog.change_category",
    "blog.delete_category",
    "blog.view_redirect",
    "blog.add_redirect",
    "blog.change_redirect",
    "blog.delete_redirect",
    "blog.view_author",
    "blog.add_author",
    "blog.change_author",
    "blog.view_accountmail",
    "blog.view_site",
    "blog.change_site",
]


def create_roles(apps, schema_editor):
    using = schema_editor.connection.alias
    create_role(apps, using, "Contributor", CONTRIBUTOR)
    create_role(apps, using, "Author", AUTHOR)
    create_role(apps, using, "Editor", EDITOR)


class Migration(migrations.Migration):
    dependencies = [
        ("blog", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(create_roles, migrations.RunPython.noop)]

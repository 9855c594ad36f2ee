"""What draws the fields of the newsroom's forms."""

from typing import Any

from django.forms.renderers import BaseRenderer, DjangoTemplates, Jinja2


class Fields(BaseRenderer):
    """Django brings its fields in Jinja2 too, where a hundred languages to choose from cost little.

    Those that the admin adds are in Django's own language alone.
    """

    compiled, others = Jinja2(), DjangoTemplates()

    def get_template(self, template_name: str) -> Any:
        is_compiled = template_name.startswith("django/forms/")
        return (self.compiled if is_compiled else self.others).get_template(template_name)

"""Pages of the newsroom as a browser treats them: what a form holds, and where it is sent."""

import csv
from html.parser import HTMLParser
from io import StringIO

from django.urls import reverse


class Form(HTMLParser):
    """The fields that a browser would send if nobody touched the form with this id."""

    def __init__(self, html: str, name: str) -> None:
        super().__init__()
        self.name, self.data = name, {}
        self.inside = False
        self.select = self.textarea = None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.inside = given.get("id") == self.name
        if not self.inside:
            return
        if tag == "input" and given.get("name"):
            self._input(given)
        elif tag == "textarea":
            self.textarea = given["name"]
            self.data[self.textarea] = ""
        elif tag == "select":
            self.select = given["name"]
        elif tag == "option" and self.select and "selected" in given:
            self.data[self.select] = given.get("value", "")

    def _input(self, given):
        kind = given.get("type", "text")
        if kind in {"submit", "file"} or (kind in {"checkbox", "radio"} and "checked" not in given):
            return
        if kind == "checkbox" and given.get("value", "on") != "on":
            self.data.setdefault(given["name"], []).append(given["value"])
        else:
            self.data[given["name"]] = given.get("value", "on" if kind == "checkbox" else "")

    def handle_data(self, data):
        if self.textarea:
            self.data[self.textarea] += data.removeprefix("\n")

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False
        elif tag == "textarea":
            self.textarea = None
        elif tag == "select":
            self.select = None


def form_of(response, name):
    """What the browser sends when Save is pressed, the token against forged requests left out."""
    data = Form(response.content.decode(), name).data | {"_save": "Save"}
    return {key: value for key, value in data.items() if key != "csrfmiddlewaretoken"}


def admin_url(row, page="change"):
    model = f"{row._meta.app_label}_{row._meta.model_name}"
    return reverse(f"admin:{model}_{page}", args=[row.pk])


def open_form(client, row):
    """The untouched form of a row that exists."""
    return form_of(client.get(admin_url(row)), f"{row._meta.model_name}_form")


def save(client, row, **changes):
    """Open the form of a row, change fields, press Save."""
    return client.post(admin_url(row), open_form(client, row) | changes)


def table(response) -> list[list[str]]:
    """The lines of a CSV file that was asked for, and that is nobody else's to keep."""
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith("attachment")
    assert "no-store" in response["Cache-Control"]
    content = b"".join(response.streaming_content).decode()
    assert content.startswith("\ufeff"), "Spreadsheet programs would not read it as UTF-8."
    return list(csv.reader(StringIO(content.removeprefix("\ufeff"))))

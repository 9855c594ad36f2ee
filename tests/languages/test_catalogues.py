"""Every language that the site speaks, it speaks wholly."""

import gettext
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils.translation import to_locale

ROOT = Path(__file__).resolve().parents[2]
LOCALES = [to_locale(code) for code, _name in settings.LANGUAGES if code != "en"]
PLACES = re.compile(r"%\(\w+\)s|\{\{.*?\}\}|</?[a-z]+[^>]*>")
EVERY_LANGUAGE = pytest.mark.parametrize("locale", LOCALES)


def catalogue(locale: str, root: Path = ROOT) -> polib.POFile:
    return polib.pofile(str(root / "locale" / locale / "LC_MESSAGES/django.po"))


def texts(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_folder_holds_the_languages_that_the_settings_name():
    assert sorted(path.name for path in (ROOT / "locale").iterdir()) == sorted(LOCALES)


@EVERY_LANGUAGE
def test_every_message_is_translated_and_none_is_doubtful(locale):
    messages = catalogue(locale)

    assert len(messages) > 1000
    assert [entry.msgid for entry in messages if not entry.translated() or entry.fuzzy] == []
    assert [entry.msgid for entry in messages if not all(texts(entry))] == []


@EVERY_LANGUAGE
def test_translation_has_the_places_and_elements_of_its_message(locale):
    wrong = []
    for entry in catalogue(locale):
        for number, text in enumerate(texts(entry)):
            message = entry.msgid if entry.msgid_plural and number == 0 else ""
            allowed = [message or entry.msgid_plural or entry.msgid]
            # Chinese has one form for both, and a language may leave out the one of "one".
            allowed += [entry.msgid_plural or entry.msgid]
            if sorted(PLACES.findall(text)) not in [sorted(PLACES.findall(one)) for one in allowed]:
                wrong.append((entry.msgid, text))

    assert wrong == []


@EVERY_LANGUAGE
def test_translation_begins_and_ends_as_its_message_does(locale):
    """A space or a line's end at either side joins it to its neighbours."""
    wrong = [
        entry.msgid
        for entry in catalogue(locale)
        for text in texts(entry)
        if (text != text.strip()) != (entry.msgid != entry.msgid.strip())
    ]

    assert wrong == []


@EVERY_LANGUAGE
def test_compiled_catalogue_says_what_its_source_says(locale):
    folder = ROOT / "locale" / locale / "LC_MESSAGES"
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    expected = {
        (entry.msgid, form) if entry.msgid_plural else entry.msgid: text
        for entry in catalogue(locale)
        for form, text in enumerate(texts(entry))
    }

    found = {key: text for key, text in compiled._catalog.items() if key}

    assert found == expected


@pytest.mark.skipif(not shutil.which("xgettext"), reason="gettext is not installed")
def test_catalogues_hold_the_words_of_the_sources_and_no_others(tmp_path):
    for name in ("blog", "newsletter", "config", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "locale").mkdir()
    collect = [sys.executable, "-m", "django", "makemessages", "-l", "en", "--no-location"]

    bare = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    subprocess.run(collect, cwd=tmp_path, env=bare, check=True, capture_output=True)

    words = {(entry.msgid, entry.msgid_plural) for entry in catalogue("en", tmp_path)}
    for locale in LOCALES:
        held = {(entry.msgid, entry.msgid_plural) for entry in catalogue(locale)}
        assert (words - held, held - words) == (set(), set()), "make messages collects them"

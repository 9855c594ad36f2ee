"""What came of an import, in sentences: the same before it, as a dry run, and after it."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from newsletter.imports.run import Import

SENTENCES = {
    "added": _("subscribed, with the consent that they gave elsewhere"),
    "invited": _("asked by mail whether they want the newsletter"),
    "stopped": _("taken over as unsubscribed, bounced or complained: they get no mail"),
    "known": _("on the list already: nothing changes for them"),
    "refused": _("refused"),
}


def report(task: "Import", counts: Counter[str]) -> Iterator[str]:
    if task.look.encoding == "latin-1":
        yield gettext(
            "The file is not in UTF-8: it was read as Latin-1, so look at names with accents."
        )
    for name, sentence in SENTENCES.items():
        if counts[name] or name == "added":
            yield f"{number_format(counts[name], force_grouping=True):>9} {sentence}"

"""What one text may cost: characters, nesting and time. Beyond it the author gets a sentence."""

import re
import time

from django.utils.formats import number_format
from django.utils.translation import gettext

MAX_LENGTH = 200_000
# A short row is filled up to the width of its table: 2 KB of text can ask for 65,000 cells.
MAX_CELLS = 10_000
# Of HTML elements. Browsers stop at 512; the HTML cleaner gets slow with the square of it.
MAX_DEPTH = 100

_TAG = re.compile(r"""<(/?)([a-z][a-z0-9-]*)(?:[^"'<>]|"[^"]*"|'[^']*')*>""")
_VOID = "area br col embed hr img input source track wbr"
# These end where the next one starts, so that many in a row are not deep.
_ENDED_BY_THE_NEXT = "dd dt li option p rp rt tbody td tfoot th thead tr"
_NOT_COUNTED = frozenset(f"{_VOID} {_ENDED_BY_THE_NEXT}".split())


class TooComplex(ValueError):
    """The text is too long, too deep or too slow to lay out; the message is for its author."""


class Deadline:
    """The time that one text may take, in seconds of its own thread.

    Processor time, not time on the clock: an author is not turned away because the machine is
    busy with something else. It cannot interrupt; whoever loops over a text asks.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.thread_time() + seconds
        self._ticks = 0

    def check(self) -> None:
        """Raise TooComplex if the time is over."""
        if time.thread_time() > self._end:
            raise TooComplex(
                gettext(
                    "This text takes too long to lay out. Look for long runs of brackets, quotes "
                    "or symbols, or split it into two."
                )
            )

    def tick(self) -> None:
        """Like check(), but looks at the clock only now and then: for what happens often."""
        self._ticks += 1
        if self._ticks % 32 == 0:
            self.check()


def check_length(source: str) -> None:
    # The two characters that a browser's form sends for a line's end will be one.
    length = len(source) - source.count("\r\n")
    if length > MAX_LENGTH:
        raise TooComplex(
            gettext(
                "This text has %(length)s characters, and %(most)s is the most that "
                "fits. Please split it into two."
            )
            % {"length": _grouped(length), "most": _grouped(MAX_LENGTH)}
        )


def check_html(html: str) -> None:
    """Raise TooComplex where the cleaner would be slow over `html`. Its tags must be well formed.

    An end tag counts only where it ends the innermost element: a parser may ignore it elsewhere.
    """
    if html.count("<td") > MAX_CELLS:
        raise TooComplex(
            gettext("The tables of this text have more than %(most)s cells.")
            % {"most": _grouped(MAX_CELLS)}
        )
    inside: list[str] = []
    for end, name in _TAG.findall(html.lower()):
        if name in _NOT_COUNTED:
            continue
        if not end:
            inside.append(name)
        elif inside and inside[-1] == name:
            inside.pop()
        if len(inside) > MAX_DEPTH:
            raise too_deep()


def too_deep() -> TooComplex:
    return TooComplex(
        gettext(
            "In this text, lists, quotes or HTML elements lie too deep inside each other. "
            "Please make it flatter."
        )
    )


def _grouped(number: int) -> str:
    return number_format(number, force_grouping=True)

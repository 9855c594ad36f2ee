"""An issue's mail: composed from its texts and posts, frozen, and poured for each reader."""

from newsletter.letters.compose import NotReady, compose, freeze
from newsletter.letters.counted import FEWEST_READERS, Counting, uncounted
from newsletter.letters.letter import Letter, Reader
from newsletter.letters.message_ids import is_message_id_of
from newsletter.letters.preflight import Finding, Level, preflight, unknown_tags
from newsletter.letters.preview import Preview, preview
from newsletter.letters.verp import delivery_of
from newsletter.letters.web import WebIssue

__all__ = [
    "FEWEST_READERS",
    "Counting",
    "Finding",
    "Letter",
    "Level",
    "NotReady",
    "Preview",
    "Reader",
    "WebIssue",
    "compose",
    "delivery_of",
    "freeze",
    "is_message_id_of",
    "preflight",
    "preview",
    "uncounted",
    "unknown_tags",
]

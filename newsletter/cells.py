"""Cells of the spreadsheets that subscribers leave and come in.

A spreadsheet program takes a cell that begins like a formula for one, and runs it on the machine
of whoever opens the file (CWE-1236). An apostrophe in front makes it text.
"""

COLUMNS = [
    "email",
    "status",
    "receives_everything",
    "topics",
    "agreed_to_terms",
    "terms_version",
    "created_at",
    "confirmed_at",
    "unsubscribed_at",
    "suppressed_for",
]
# The apostrophe itself too, so that what we wrote can be told from what was there.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "'")


def guarded(text: str) -> str:
    """`text` as a cell that no program calculates."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def unguarded(cell: str) -> str:
    """The text that was guarded; any other cell as it is."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(DANGEROUS) else cell

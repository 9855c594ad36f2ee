"""Mailboxes that bounces arrive in: a Maildir, an mbox file, or a folder on an IMAP server.

Each yields the mails that nobody looked at yet. Only what turns out to be a report is marked as
read; other mail is left as it was, for the people whose mail it is.
"""

import imaplib
import mailbox
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

# The bytes of a mail, and what to call once it was understood.
type Item = tuple[bytes, Callable[[], None]]

TIMEOUT = 60.0


class CannotReadError(Exception):
    """There is no such mailbox, or it lets nobody in."""


def unread(source: str) -> Iterator[Item]:
    """`source` is a path, or `imaps://user:password@host:993/INBOX`; raises CannotReadError."""
    if source.startswith(("imap://", "imaps://")):
        yield from _imap(source)
        return
    path = Path(source)
    if (path / "cur").is_dir():
        yield from _maildir(path)
    elif path.is_file():
        yield from _mbox(path)
    else:
        raise CannotReadError(f"{source} is neither a Maildir nor an mbox file.")


def _maildir(path: Path) -> Iterator[Item]:
    box = mailbox.Maildir(str(path), create=False)
    for key in sorted(box.keys()):
        message = box.get_message(key)
        if "S" not in message.get_flags():
            yield box.get_bytes(key), partial(_mark_seen, box, key)


def _mark_seen(box: mailbox.Maildir, key: str) -> None:
    message = box.get_message(key)
    message.set_subdir("cur")
    message.add_flag("S")
    box[key] = message


def _mbox(path: Path) -> Iterator[Item]:
    """Never written to, since a mail server may be appending; a report told twice counts once."""
    box = mailbox.mbox(str(path), create=False)
    try:
        for key in box.iterkeys():
            yield box.get_bytes(key), lambda: None
    finally:
        box.close()


def _imap(source: str) -> Iterator[Item]:
    parts = urlsplit(source)
    kind = imaplib.IMAP4_SSL if parts.scheme == "imaps" else imaplib.IMAP4
    folder = unquote(parts.path.strip("/")) or "INBOX"
    try:
        port = parts.port or (993 if parts.scheme == "imaps" else 143)
        with kind(parts.hostname or "localhost", port, timeout=TIMEOUT) as server:
            server.login(unquote(parts.username or ""), unquote(parts.password or ""))
            status, _ = server.select(f'"{folder}"')
            if status != "OK":
                raise CannotReadError(f"There is no folder {folder}.")
            _, [numbers] = server.uid("SEARCH", "UNSEEN")
            for number in (numbers or b"").split():
                yield from _fetched(server, number.decode())
    except (OSError, imaplib.IMAP4.error) as fault:
        raise CannotReadError(f"The mailbox cannot be read: {fault}") from fault


def _fetched(server: imaplib.IMAP4, number: str) -> Iterator[Item]:
    # PEEK leaves it unread, as somebody's mail should stay.
    _, parts = server.uid("FETCH", number, "(BODY.PEEK[])")
    for part in parts:
        if isinstance(part, tuple):
            yield part[1], partial(_mark_read, server, number)


def _mark_read(server: imaplib.IMAP4, number: str) -> None:
    server.uid("STORE", number, "+FLAGS", "(\\Seen)")

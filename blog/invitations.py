"""Letting people in."""

from blog.models import AccountMail, Author


def invite(author: Author) -> AccountMail:
    """Write down that a mail with a link to choose a password must go to this author."""
    return AccountMail.objects.create(kind=AccountMail.Kind.INVITATION, author=author)

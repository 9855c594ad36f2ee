"""Mail about somebody's account: an invitation to write here, or a way back in."""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.emails import compose
from blog.links import absolute
from blog.models import AccountMail, Author, Site
from blog.outbox import Skip

SUBJECTS = {
    AccountMail.Kind.INVITATION: _("You are invited to write for %(site)s"),
    AccountMail.Kind.PASSWORD_RESET: _("A new password for %(site)s"),
}


def write(mail: AccountMail) -> EmailMultiAlternatives:
    """The mail that `mail` stands for; raises blog.outbox.Skip where it is nobody's."""
    author = mail.author
    if author is None or not author.is_active or not author.email:
        raise Skip(gettext("No active account has this address."))
    kind = AccountMail.Kind(mail.kind)
    return compose(
        mail,
        to=author.email,
        subject=SUBJECTS[kind] % {"site": Site.current().name},
        template=kind.name.lower(),
        context={
            "link": password_link(author),
            "username": author.get_username(),
            "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
        },
    )


def password_link(author: Author) -> str:
    """Behind it a password is chosen: it works once, and for PASSWORD_RESET_TIMEOUT."""
    uid = urlsafe_base64_encode(force_bytes(author.pk))
    token = default_token_generator.make_token(author)
    return absolute(reverse("admin:set_password", args=[uid, token]))

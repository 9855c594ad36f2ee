"""What the public sees of the newsletter: a change of it makes a new edition of the site."""

from blog.editions import SHOWN, Shown


def tell() -> None:
    SHOWN.update(
        newsletter_issue=Shown(
            "slug, subject, preheader, intro_html, html, shows, started_at",
            rows="{row}.started_at IS NOT NULL",
        ),
        newsletter_issuepost=Shown(),
        newsletter_newslettersettings=Shown(),
        newsletter_terms=Shown(rows="{row}.published_at IS NOT NULL", from_moment="published_at"),
    )

"""A small magazine with one of everything that a page can show."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Group

from blog.models import Link, Post, Site
from newsletter import tokens
from newsletter.models import IssuePost
from tests.blog.pictures import picture, upload
from tests.factories import (
    AuthorFactory,
    CategoryFactory,
    ConsentFactory,
    LinkFactory,
    PageFactory,
    PostFactory,
    RunningIssueFactory,
    SiteFactory,
    SubscriberFactory,
    TermsFactory,
)

MAY = datetime(2026, 5, 20, 8, tzinfo=UTC)

LONG_TITLE = (
    "What we learned in eleven winters of heating one small house with wood, "
    "told by the one of us who had to carry most of it"
)
COMPOUND = "Donaudampfschifffahrtsgesellschaftskapitän"

EVERYTHING = f"""
A paragraph with *stress*, **weight**, `code`, ~~regret~~, a [link](https://example.com/) and an
address of its own: <https://example.com/{"a-very-long-path-" * 8}>.

## First things

> A quotation that goes on for a while, so that it fills more than a line on a phone.

- one
- two
  - deeper

## Second things

| Day | Time (UT) | Height (m) | Tide | Wind | Weather | What we did about it |
| --- | --------: | ---------: | ---- | ---- | ------- | -------------------- |
| Mon | 03:20     | 0.6        | low  | W 4  | showers | Nothing that I remember |

### Third things

```python
def a_function_with_a_rather_long_name(and_many: int, parameters: str, that_go: bool) -> None:
    return None
```

- [x] a task done
- [ ] a task to do

Term
: What it means.

> [!NOTE]
> An aside.

## Last things

A statement with a footnote.[^1] {COMPOUND} {"x" * 200}

[^1]: The footnote.
"""

ARABIC = "هذا نص قصير باللغة العربية لنرى كيف تبدو الصفحة من اليمين إلى اليسار. "
HEBREW = "זהו טקסט קצר בעברית כדי לראות איך הדף נראה מימין לשמאל. "


def member(*groups: str, **fields: object) -> tuple[str, str]:
    """A new member of these groups; returns the name and the password to sign in with."""
    author = AuthorFactory(is_staff=True, **fields)
    author.groups.set(Group.objects.filter(name__in=groups))
    return author.username, "a good long password"


def furnish() -> dict[str, str]:
    """Fills the site; returns the secret parts of the links in its mails, by their purpose."""
    SiteFactory(name="The Example", tagline="Notes on slow things", postal_address="1 Example St.")
    TermsFactory(version="1", text="We send you letters.", published_at=MAY - timedelta(days=9))
    terms = TermsFactory(version="2", text="## What you get\n\nWe send you letters.")
    _posts()
    asked = ConsentFactory(subscriber__status="pending", subscriber__terms=terms)
    reader = SubscriberFactory(terms=terms)
    ConsentFactory(subscriber=reader)
    return {
        "confirm": tokens.CONFIRM.token_for(asked.pk),
        "data": tokens.DATA.token_for(reader.data_key),
        "token": reader.token,
    }


def dress(site: Site) -> None:
    """Gives the site an accent, logos, many links and a page that holds everything."""
    about = PageFactory(title="About", body=EVERYTHING)
    site.accent = "#1f6f54"
    site.foot = "Set in Charter, printed on light, read by you and a few others."
    site.logo.save("logo.png", upload(picture(720, 144)), save=False)
    site.logo_dark.save("logo.png", upload(picture(720, 144, "white")), save=False)
    site.save()
    LinkFactory(label="", address="", page=about)
    for place in Link.Place:
        for number in range(8):
            LinkFactory(place=place, label=f"A label of some length {number}")
    LinkFactory(label=COMPOUND)


def _posts() -> None:
    ada = AuthorFactory(
        display_name="Ada Penn",
        bio="Ada writes about paper. She lives near a river.",
        website="https://ada.example.com/",
        photo=upload(picture(40, 40)),
    )
    plain = AuthorFactory(display_name="Bo Plain")
    work = CategoryFactory(name="Slow Work", description="What takes long.")
    rest = CategoryFactory(name="Rest")
    CategoryFactory(name="Nothing Yet")
    cover = {"cover": upload(picture(320, 200)), "cover_alt": "A plain of teal."}
    shapes = [
        {
            "title": "On reading",
            "summary": "Why a page is turned slowly, and what is found when it is.",
            "body": EVERYTHING,
            "author": ada,
            "categories": [work, rest],
            "featured": True,
            **cover,
        },
        {"title": "Bare", "author": plain, "body": "Four words, no more."},
        {"title": LONG_TITLE, "slug": "long", "author": ada, "summary": LONG_TITLE, **cover},
        {"title": COMPOUND, "slug": "compound", "body": f"{COMPOUND} " * 9, "categories": [work]},
        {"title": "قراءة بطيئة", "slug": "arabic", "summary": ARABIC, "body": ARABIC * 9, **cover},
        {"title": "קריאה איטית", "slug": "hebrew", "body": f"{HEBREW * 5}\n\n- {HEBREW}"},
    ]
    shapes += [{"title": f"Note {n}", "author": plain} for n in range(12)]
    posts = [
        PostFactory(published_at=MAY - timedelta(days=age), **shape)
        for age, shape in enumerate(shapes)
    ]
    _issue(posts[:6], subject="Spring", intro="*Dear reader,*", body=EVERYTHING)
    _issue(posts[:3], subject="Summer", shows="summary", body="")


def _issue(posts: list[Post], **fields: str) -> None:
    issue = RunningIssueFactory(started_at=MAY, **fields)
    for position, post in enumerate(posts):
        IssuePost.objects.create(issue=issue, post=post, position=position)

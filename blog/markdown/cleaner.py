"""The allow-list: the only HTML that a text can bring onto a page."""

import nh3

from blog.markdown.highlight import CSS_CLASSES, LANGUAGES

_TAG_NAMES = """
    a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em
    figcaption figure h1 h2 h3 h4 h5 h6 hr i img input ins kbd li mark ol p pre q rp rt ruby s samp
    section small span strong sub summary sup table tbody td tfoot th thead time tr u ul var wbr
"""
TAGS = frozenset(_TAG_NAMES.split())

# What lies inside these is not for readers.
_TAKEN_AWAY_WHOLE = {
    *("applet", "canvas", "embed", "frameset", "iframe", "math", "noembed", "noframes", "noscript"),
    *("object", "script", "select", "style", "svg", "template", "textarea", "title"),
}

_ALERTS = {f"markdown-alert-{kind}" for kind in ("note", "tip", "important", "warning", "caution")}
_ALIGNMENTS = {"align-left", "align-center", "align-right"}

_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=_TAKEN_AWAY_WHOLE,
    attributes={
        "*": {"dir", "id", "lang", "title"},
        "a": {"aria-label", "data-player", "href", "hreflang", "rel"},
        "col": {"span"},
        "colgroup": {"span"},
        "del": {"datetime"},
        "details": {"open"},
        "div": {"aria-label"},
        "img": {"alt", "height", "src", "width"},
        "input": {"aria-label", "checked", "disabled", "type"},
        "ins": {"datetime"},
        "ol": {"reversed", "start", "type"},
        "section": {"aria-label"},
        "td": {"colspan", "rowspan"},
        "th": {"colspan", "rowspan", "scope"},
        "time": {"datetime"},
    },
    tag_attribute_values={
        "a": {"role": {"doc-backlink", "doc-noteref"}},
        "div": {"role": {"group", "note"}, "tabindex": {"0"}},
        "img": {"decoding": {"async"}, "loading": {"lazy"}},
        "pre": {"tabindex": {"0"}},
        "section": {"role": {"doc-endnotes"}},
    },
    # Whatever an input was, it is now a box that nobody can tick.
    set_tag_attribute_values={"input": {"type": "checkbox", "disabled": ""}},
    allowed_classes={
        "a": {"anchor", "footnote-backref"},
        "code": {f"language-{name}" for name in LANGUAGES},
        "div": {"highlight", "markdown-alert", "table-scroll", *_ALERTS},
        "input": {"task-list-item-checkbox"},
        "li": {"task-list-item"},
        "p": {"embed", "markdown-alert-title"},
        "section": {"footnotes"},
        "span": set(CSS_CLASSES),
        "sup": {"footnote-ref"},
        "td": _ALIGNMENTS,
        "th": _ALIGNMENTS,
        "ul": {"contains-task-list"},
        "ol": {"contains-task-list"},
    },
    url_schemes={"http", "https", "mailto", "tel"},
    # Which links lead elsewhere is known only where the site's own address is.
    link_rel=None,
)


def clean(html: str) -> str:
    """`html` reduced to the allow-list and well formed. Cleaning it again changes nothing."""
    return _CLEANER.clean(html)

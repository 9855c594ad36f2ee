"""Markdown to HTML: CommonMark with tables, strikethrough, task lists, alerts, footnotes, bare
addresses as links and definition lists. What comes out still has to be cleaned."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from django.utils.html import escape
from django.utils.translation import gettext
from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.gfm import gfm_plugin

from blog.markdown.embeds import player
from blog.markdown.highlight import highlight, language_of
from blog.markdown.limits import Deadline, too_deep
from blog.markdown.rawhtml import tame

# Of lists (two levels each), quotes and footnotes. Beyond its limit the parser would leave out
# what comes after, so that we stop a little before.
MAX_NESTING = 40


def to_html(source: str, deadline: Deadline) -> str:
    """Raises TooComplex where `source` is nested too deep or takes too long."""
    return _PARSER.render(source, {"deadline": deadline})


# Rules that the parser asks first at every line and every character that may mean something.


def _stop_deep_or_slow_block(state: StateBlock, _start: int, _end: int, _silent: bool) -> bool:
    state.env["deadline"].tick()
    if state.level > MAX_NESTING - 4:
        raise too_deep()
    return False


def _stop_slow_inline(state: StateInline, _silent: bool) -> bool:
    state.env["deadline"].tick()
    return False


def _figures(state: StateCore) -> None:
    """A paragraph that holds only a picture with a title is a figure, and the title its caption."""
    for opening, inline, closing in zip(
        state.tokens, state.tokens[1:], state.tokens[2:], strict=False
    ):
        children = inline.children or []
        if opening.type != "paragraph_open" or [child.type for child in children] != ["image"]:
            continue
        if caption := children[0].attrs.pop("title", ""):
            opening.tag = closing.tag = "figure"
            opening.hidden = closing.hidden = False
            children += [
                Token("figcaption_open", "figcaption", 1),
                Token("text", "", 0, content=str(caption)),
                Token("figcaption_close", "figcaption", -1),
            ]


def _films(state: StateCore) -> None:
    """A paragraph of the text that holds only a link to a film is marked; see embeds.py."""
    for opening, inline in pairwise(state.tokens):
        children = inline.children or []
        if opening.type != "paragraph_open" or opening.level or len(children) < 3:
            continue
        first, *inside, last = children
        is_one_link = first.type == "link_open" and last.type == "link_close"
        is_plain = all(child.type in {"text", "code_inline"} for child in inside)
        if is_one_link and is_plain and player(str(first.attrs.get("href", ""))):
            opening.attrSet("class", "embed")


# Renderers of single tokens; `self` is the parser's renderer, `env` what to_html() handed in.


def _code(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    language = language_of(tokens[index].info)
    css_class = f' class="language-{language}"' if language else ""
    code = highlight(tokens[index].content, language, env["deadline"])
    return f'<div class="highlight"><pre><code{css_class}>{code}</code></pre></div>\n'


def _raw_html(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return tame(tokens[index].content)


def _cell(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    # The parser aligns by a style attribute, which our Content-Security-Policy forbids.
    if style := tokens[index].attrs.pop("style", ""):
        tokens[index].attrSet("class", str(style).replace("text-align:", "align-"))
    return self.renderToken(tokens, index, options, env)


def _alert(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    tokens[index].attrSet("role", "note")
    return self.renderToken(tokens, index, options, env)


def _note_reference(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    number = tokens[index].meta["id"] + 1
    label = escape(gettext("Footnote %(number)s") % {"number": number})
    return (
        f'<sup class="footnote-ref"><a id="{_reference_id(tokens[index])}" href="#fn-{number}"'
        f' role="doc-noteref" aria-label="{label}">{number}</a></sup>'
    )


def _notes_open(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    label = escape(gettext("Footnotes"))
    return f'<section class="footnotes" role="doc-endnotes" aria-label="{label}">\n<ol>\n'


def _notes_close(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return "</ol>\n</section>\n"


def _note_open(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return f'<li id="fn-{tokens[index].meta["id"] + 1}">'


def _note_close(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return "</li>\n"


def _note_back(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    places = {"number": token.meta["id"] + 1, "mention": token.meta["subId"] + 1}
    if token.meta["subId"] > 0:
        label = gettext("Back to the text at footnote %(number)s, mention %(mention)s") % places
    else:
        label = gettext("Back to the text at footnote %(number)s") % places
    # The variation selector keeps phones from showing the arrow as a picture.
    return (
        f' <a class="footnote-backref" href="#{_reference_id(token)}" role="doc-backlink"'
        f' aria-label="{escape(label)}">↩\ufe0e</a>'
    )


def _reference_id(token: Token) -> str:
    mention = token.meta.get("subId", 0)
    return f"fnref-{token.meta['id'] + 1}" + (f"-{mention + 1}" if mention else "")


_RENDERERS = {
    "alert_open": _alert,
    "code_block": _code,
    "fence": _code,
    "footnote_anchor": _note_back,
    "footnote_block_close": _notes_close,
    "footnote_block_open": _notes_open,
    "footnote_close": _note_close,
    "footnote_open": _note_open,
    "footnote_ref": _note_reference,
    "html_block": _raw_html,
    "html_inline": _raw_html,
    "td_open": _cell,
    "th_open": _cell,
}


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING, "xhtmlOut": False})
    parser.use(gfm_plugin).use(deflist_plugin)
    every_block: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.before("table", "deadline", _stop_deep_or_slow_block, every_block)
    parser.inline.ruler.before("text", "deadline", _stop_slow_inline)
    parser.core.ruler.after("inline", "figures", _figures)
    # Bare addresses have become links by then.
    parser.core.ruler.push("films", _films)
    for token_type, renderer in _RENDERERS.items():
        parser.add_render_rule(token_type, renderer)
    # Its rules are compiled at first use, and two threads at once would each see half of them.
    parser.render("warm *up*", {"deadline": Deadline(seconds=60)})
    return parser


_PARSER = _parser()

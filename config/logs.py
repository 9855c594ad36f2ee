"""Log lines that can be traced to a request and never carry a line break or a link token."""

import json
import logging
import re
from contextvars import ContextVar

# Those that tell of what a visitor sent; a logger takes no filter from the one above it.
OF_VISITORS = [
    "django.request",
    # Robots ask by every name there is.
    "django.security.DisallowedHost",
    "django.security.DisallowedRedirect",
    "django.security.RequestDataTooBig",
    "django.security.SuspiciousMultipartForm",
    "django.security.TooManyFieldsSent",
    "django.security.TooManyFilesSent",
]

request_id: ContextVar[str] = ContextVar("request_id", default="-")

# A visitor chooses the path that a 404 logs: nothing in it may look like a second line.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Whoever reads a log must not be able to unsubscribe somebody, or to set her password. A mail
# program may have mangled the link, so all that is behind such a prefix goes.
TOKEN = re.compile(
    r"(/newsletter/+(?:confirm|preferences|unsubscribe|data|address)/|/admin/+password/+[^/\s]+/).+",
    re.IGNORECASE,
)


def one_line(text: str) -> str:
    return CONTROL.sub(" ", text)


def mask_tokens(text: str) -> str:
    return TOKEN.sub(r"\1…", text)


class AddRequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class BlamesTheVisitor(logging.Filter):
    """Leaves out the traceback of a 4xx: where in Django it was noticed helps nobody."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = None
        return True


class TextFormatter(logging.Formatter):
    """`12:00:00 WARNING django.request [1f2e3d] Not Found: /nowhere`"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        return mask_tokens(one_line(super().formatMessage(record)))

    def format(self, record: logging.LogRecord) -> str:
        return mask_tokens(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for log collectors."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "request": getattr(record, "request_id", "-"),
            "message": mask_tokens(one_line(record.getMessage())),
        }
        if record.exc_info:
            line["traceback"] = mask_tokens(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=True)

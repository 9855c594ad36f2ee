"""What settings.py reads from the environment, turned into the shapes that Django wants."""

import re
from collections.abc import Callable
from email.utils import parseaddr
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import environ
from django.conf import locale
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import to_locale

from newsletter.rate import Rate

PLACEHOLDERS = {"", "change-me", "only-for-development"}

# Measured with two web processes and a worker writing: Django's defaults answer four in ten
# writing requests with "database is locked"; with these there was none. FULL because a consent
# or an unsubscribe that was answered must survive a power cut. What is mapped of the file counts as
# the site's memory, and each of its connections has a cache of its own: 16 and 2 MB.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=16777216; PRAGMA cache_size=-2000;"
        "PRAGMA journal_size_limit=67108864"
    ),
}

# Times that a connection is asked something before the server keeps the plan.
OFTEN = 2

# A Redis that hangs must not hold a page: seconds to connect, and to wait for an answer.
REDIS_TIMEOUTS = {"socket_connect_timeout": 1, "socket_timeout": 1}

MAIL_SCHEMES = {"smtp": {}, "smtp+tls": {"use_tls": True}, "smtp+ssl": {"use_ssl": True}}


class Env(environ.Env):
    """Reads settings; what cannot be meant stops the start with one sentence, not a traceback."""

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().get_value(var, *args, **kwargs)
        except ValueError as error:
            raise SystemExit(f"{var} must be a number.") from error

    def whole(self, var: str, default: int, *, least: int = 1, most: int = 1_000_000_000) -> int:
        """A number with no fraction, from `least` to `most`."""
        number = self.int(var, default=default)
        if not least <= number <= most:
            raise SystemExit(f"{var} must be a number from {least} to {most}.")
        return number

    def number(self, var: str, default: float, *, least: float) -> float:
        """As `whole`, with a fraction allowed."""
        number = self.float(var, default=default)
        if not least <= number <= 1_000_000:
            raise SystemExit(f"{var} must be a number from {least} to 1000000.")
        return number

    def one_of(self, var: str, choices: list[str], default: str) -> str:
        if (choice := self.str(var, default=default)) not in choices:
            raise SystemExit(f"{var} must be one of {', '.join(choices)}.")
        return choice

    def read(self, var: str, reader: Callable[[str], Any], default: str = "") -> Any:
        """What `reader` makes of the text, which may be secret: the sentence does not repeat it."""
        try:
            return reader(self.str(var, default="") or default)
        except (ValueError, LookupError, OSError, ImproperlyConfigured) as error:
            raise SystemExit(
                f"{var} cannot be read as it stands; .env.example shows how to write it."
            ) from error


def megabytes(text: str) -> int:
    number = 0 if text == "off" else int(text)
    if not 0 <= number <= 100_000:
        raise ValueError
    return number


def site_address(url: str) -> str:
    urlsplit(url).port  # noqa: B018  # raises ValueError where it is no number
    return url.rstrip("/")


def networks(text: str) -> list[str]:
    return [str(ip_network(entry.strip(), strict=False)) for entry in text.split(",") if entry]


def language(code: str) -> str:
    """One that Django has words for; the site would not start with another."""
    if not (Path(locale.__file__).parent / to_locale(code) / "LC_MESSAGES").is_dir():
        raise LookupError(code)
    return code


def time_zone(name: str) -> str:
    return ZoneInfo(name).key


def sender(text: str) -> str:
    """`hello@blog.example`, also with a name: `The Example <hello@blog.example>`."""
    bare_address(parseaddr(text)[1])
    return text


def bare_address(text: str) -> str:
    if not re.fullmatch(r"[^\s<>,@]+@[^\s<>,@]+", text):
        raise ValueError("It is no address.")
    return text


def index_now_key(text: str) -> str:
    """As https://www.indexnow.org/documentation allows it, since it is the name of a file too."""
    if not re.fullmatch(r"[a-zA-Z0-9-]{8,128}", text):
        raise ValueError("It is no key.")
    return text


def rates(text: str) -> str:
    """The same text. A wrong one would only show in the worker's log, while every issue waits."""
    Rate.parse_all(text)
    return text


def production_fault(
    debug: bool, secret_key: str, allowed_hosts: list[str], site_url: str
) -> str | None:
    """The one sentence that says why the site must not start, or None."""
    if debug:
        return None
    if secret_key in PLACEHOLDERS or len(secret_key) < 32:
        return "SECRET_KEY is missing or too short: set it to at least 50 random characters."
    if not allowed_hosts:
        return "ALLOWED_HOSTS is missing: set it to the host names of the site, comma-separated."
    if not site_url:
        return "SITE_URL is missing: set it to the address of the site, like https://blog.example."
    parts = urlsplit(site_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path:
        return "SITE_URL must look like https://blog.example, with no path behind the host."
    return None


def database(url: str, *, pool: bool) -> dict[str, Any]:
    """One entry of DATABASES with the options that this site needs on that database."""
    if url.partition(":")[0] not in Env.DB_SCHEMES:
        raise LookupError("It names no kind of database.")
    config: dict[str, Any] = Env.db_url_config(url)
    options = config.setdefault("OPTIONS", {})
    if config["ENGINE"].endswith("sqlite3"):
        if config["NAME"] not in {"", ":memory:"}:
            _make_folder(Path(config["NAME"]).parent)
        config["OPTIONS"] = SQLITE_OPTIONS | options
        # A URL's ?timeout=5 carries text.
        config["OPTIONS"]["timeout"] = float(config["OPTIONS"]["timeout"])
        if pool:
            config["ENGINE"] = "config.sqlite3"
    elif config["ENGINE"].endswith("postgresql"):
        config["ENGINE"] = "config.postgresql"
        config["CONN_HEALTH_CHECKS"] = True
        # A folder with the server's socket, as libpq wants it written.
        config["HOST"] = unquote(config["HOST"])
        # Behind PgBouncer each transaction may have another connection, without the plans.
        prepared = options.pop("prepared_statements", "on")
        if prepared not in {"on", "off"}:
            raise LookupError("Its prepared_statements are on or off.")
        if pool:
            # Sites on SQLite spare the memory that psycopg takes.
            from config.postgresql.pool import POOL

            options["pool"] = POOL
            options["prepare_threshold"] = OFTEN if prepared == "on" else None
    return config


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SystemExit(f"{folder} cannot be made ({error.strerror}). See VAR_DIR.") from error


def cache(url: str) -> dict[str, Any]:
    """One entry of CACHES; whatever the URL says about the timeouts of Redis wins."""
    config: dict[str, Any] = Env.cache_url_config(url)
    if config["BACKEND"].endswith("RedisCache"):
        config["OPTIONS"] = REDIS_TIMEOUTS | config.get("OPTIONS", {})
    return config


def mailer(url: str, mailbox: Path) -> dict[str, Any]:
    """One entry of MAILERS. Without a URL, mail is kept as files below `mailbox`.

    Accepts smtp://, smtp+tls:// and smtp+ssl:// with user:password@host:port, `consolemail://`,
    `memorymail://`, and `anymail://service?…` as mail_service() does.
    """
    if url.startswith("anymail:"):
        return {"BACKEND": f"anymail.backends.{mail_service(url)[0]}.EmailBackend", "OPTIONS": {}}
    if not url or url.startswith("filemail:"):
        folder = urlsplit(url).path or str(mailbox)
        return {"BACKEND": "config.mailbox.MailboxBackend", "OPTIONS": {"folder": folder}}
    parts = urlsplit(url)
    if parts.scheme not in MAIL_SCHEMES:
        backend = Env.EMAIL_SCHEMES.get(parts.scheme)
        if backend is None:
            raise SystemExit(f"EMAIL_URL has the unknown scheme {parts.scheme}://.")
        return {"BACKEND": backend, "OPTIONS": {}}
    options = {
        "host": parts.hostname or "localhost",
        "port": parts.port or {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}[parts.scheme],
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        # Without one, a mail server that hangs holds the worker for ever.
        "timeout": 20,
    }
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": options | MAIL_SCHEMES[parts.scheme],
    }


def mail_service(url: str) -> tuple[str, dict[str, str]]:
    """The service of `anymail://postmark?server_token=…&webhook_secret=…`, and anymail's settings.

    Empty for a URL of another kind. The names are those of anymail's documentation, without the
    service in front and in small letters.
    """
    parts = urlsplit(url)
    if parts.scheme != "anymail":
        return "", {}
    service = parts.hostname or ""
    if find_spec(f"anymail.backends.{service}") is None:
        raise SystemExit(f"EMAIL_URL names the unknown mail service {service}.")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    # Who posts events signs in with it; any user name will do.
    secret = options.pop("webhook_secret", None)
    settings = {f"{service}_{name}".upper(): value for name, value in options.items()}
    return service, settings | ({"WEBHOOK_SECRET": secret} if secret else {})


def limits_of_calls(service: str, *, to_connect: float, to_answer: float) -> dict[str, Any]:
    """anymail's settings for how many seconds a call may take.

    Amazon's library would also make an unanswered call again by itself, and so send mails twice.
    """
    if service == "amazon_ses":
        limits = {"connect_timeout": to_connect, "read_timeout": to_answer}
        return {
            "AMAZON_SES_CLIENT_PARAMS": {"config": limits | {"retries": {"total_max_attempts": 1}}}
        }
    return {"REQUESTS_TIMEOUT": (to_connect, to_answer)} if service else {}


def media_storage(url: str) -> dict[str, Any]:
    """The default entry of STORAGES: files below VAR_DIR, or an S3-compatible bucket.

    The URL reads `s3://KEY:SECRET@HOST/BUCKET?region=…`; HOST is the S3 endpoint.
    """
    if not url:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    parts = urlsplit(url)
    if parts.scheme != "s3":
        raise SystemExit(f"STORAGE_URL has the unknown scheme {parts.scheme}://, use s3://.")
    host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    region = parse_qs(parts.query).get("region", [None])[0]
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "access_key": unquote(parts.username or ""),
            "secret_key": unquote(parts.password or ""),
            "bucket_name": parts.path.strip("/"),
            "endpoint_url": f"https://{host}",
            "region_name": region,
            "querystring_auth": False,
        },
    }


def picture_hosts(url: str) -> list[str]:
    """Where browsers fetch pictures from that the site does not serve itself."""
    options = media_storage(url).get("OPTIONS")
    return [options["endpoint_url"]] if options else []

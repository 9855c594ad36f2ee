"""Every setting of the site. Each comes from the environment, or from .env beside manage.py.

This is the only file that reads the environment; .env.example explains every name in it.
"""

import sys
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.csp import CSP

from blog.languages import nearest
from config.environment import (
    Env,
    bare_address,
    cache,
    database,
    index_now_key,
    language,
    limits_of_calls,
    mail_service,
    mailer,
    media_storage,
    megabytes,
    networks,
    picture_hosts,
    production_fault,
    rates,
    sender,
    site_address,
    time_zone,
)
from config.logs import OF_VISITORS

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules

env = Env()
env.read_env(env.path("ENV_FILE", default=BASE_DIR / ".env"))

# --- What must be set -----------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="only-for-development" if DEBUG else "")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else []
)
PORT = env.whole("PORT", 8000, most=65_535)
SITE_URL = env.read("SITE_URL", site_address)
if DEBUG and not SITE_URL:
    SITE_URL = f"http://localhost:{PORT}"

if fault := production_fault(DEBUG, SECRET_KEY, ALLOWED_HOSTS, SITE_URL):
    # One sentence instead of a traceback: whoever reads it is setting up a server.
    raise SystemExit(fault)

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()

# --- What the site is made of ---------------------------------------------------------------

INSTALLED_APPS = [
    "config",
    "newsletter",
    "blog",
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_tasks_db",
]

MIDDLEWARE = [
    "config.middleware.RequestId",
    "config.middleware.TrustedProxies",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.SecurityHeaders",
    "config.middleware.ContentSecurityPolicy",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "blog.cache.PrivateByDefault",
    "config.health.HealthChecks",
    "blog.middleware.Moved",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
# Public pages are made without what knows who asks, and config/pages sees to the rest. What these
# say with a page has to be the same for all.
PUBLIC_MIDDLEWARE = [
    each
    for each in MIDDLEWARE
    if each.rpartition(".")[2]
    not in {
        *("SessionMiddleware", "AuthenticationMiddleware", "MessageMiddleware"),
        *("CsrfViewMiddleware", "CommonMiddleware", "ConditionalGetMiddleware"),
        *("WhiteNoiseMiddleware", "HealthChecks", "RequestId", "TrustedProxies"),
    }
]

# Templates in here come before ours of the same name.
TEMPLATES_DIR = Path(env.str("TEMPLATES_DIR", default=str(VAR_DIR / "templates"))).resolve()
CACHED = "django.template.loaders.cached.Loader"
OWN_TEMPLATES = "config.templates.OwnTemplates"
OUR_TEMPLATES = [
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    # The public pages: config/jinja.
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "OPTIONS": {
            "environment": "config.jinja.environment",
            "context_processors": [
                "blog.context_processors.site",
                "newsletter.context_processors.sign_up",
            ],
        },
    },
    # The newsroom, and mails.
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            # Whoever writes templates sees them at once; a real site reads each file once.
            "loaders": [OWN_TEMPLATES, (CACHED, OUR_TEMPLATES)]
            if DEBUG
            else [(CACHED, [OWN_TEMPLATES, *OUR_TEMPLATES])],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "blog.context_processors.site",
                "newsletter.context_processors.sign_up",
            ],
        },
    },
]
FORM_RENDERER = "config.jinja.forms.Fields"

# --- Where things are kept ------------------------------------------------------------------

DATABASES = {
    "default": env.read(
        "DATABASE_URL",
        lambda url: database(url, pool=not TESTING),
        default=f"sqlite:///{VAR_DIR / 'pennypost.sqlite3'}",
    )
}
CACHES = {"default": env.read("CACHE_URL", cache, default="locmemcache://")}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": env.read("STORAGE_URL", media_storage),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "blog.images.UploadLimit",
]

# --- Mail -----------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = env.read(
    "DEFAULT_FROM_EMAIL", sender, default=f"hello@{urlsplit(SITE_URL).hostname or 'localhost'}"
)
# Where undeliverable newsletters go back to. Empty means: to the sender, as one heap.
BOUNCE_ADDRESS = env.read("BOUNCE_ADDRESS", lambda text: text and bare_address(text))
SERVER_EMAIL = parseaddr(DEFAULT_FROM_EMAIL)[1]
MAILBOX_DIR = VAR_DIR / "mail"
MAIL_SERVICE, ANYMAIL = env.read("EMAIL_URL", mail_service)
MAILERS = {"default": env.read("EMAIL_URL", lambda url: mailer(url, MAILBOX_DIR))}

# --- The newsletter -------------------------------------------------------------------------

# Confirmation mails, whoever asks for them. More wait for the next hour, or are never sent.
CONFIRMATIONS_PER_NETWORK_HOUR = env.whole("CONFIRMATIONS_PER_NETWORK_HOUR", 20)
CONFIRMATIONS_PER_HOUR = env.whole("CONFIRMATIONS_PER_HOUR", 500)
# Days after which an unconfirmed sign-up is forgotten, and the evidence of a consent deleted.
PENDING_DAYS = env.whole("PENDING_DAYS", 30, most=36_500)
EVIDENCE_DAYS = env.whole("EVIDENCE_DAYS", 1095, most=36_500)

# Mails of issues a time unit ("10/s,500/m,20000/h"; empty: as fast as the server takes them), SMTP
# connections of one worker, seconds to wait for an answer, seconds after which what a dead worker
# held is free again, hours after which a schedule that was missed waits for a human.
SEND_RATE = env.read("SEND_RATE", rates)
SEND_CONNECTIONS = min(16, max(1, env.int("SEND_CONNECTIONS", default=8)))
SEND_TIMEOUT = env.number("SEND_TIMEOUT", 120, least=0.1)
SEND_LEASE = env.number("SEND_LEASE", 30, least=1)
# Mails that go in one call to a mail service: as many are in doubt where it gets no answer. A
# hundred below Gmail's limit stay far below the 50 MB that a call may weigh.
SEND_BATCH = env.whole("SEND_BATCH", 1, most=100)
# A call must end before the lease of its mails does.
ANYMAIL |= limits_of_calls(
    MAIL_SERVICE, to_connect=SEND_LEASE / 6, to_answer=min(SEND_TIMEOUT, SEND_LEASE / 2)
)
# A private key in PEM that signs issues, where no mail server does; its selector and domain.
DKIM_KEY = env.str("DKIM_KEY", default="")
DKIM_SELECTOR = env.str("DKIM_SELECTOR", default="")
DKIM_DOMAIN = env.str("DKIM_DOMAIN", default=urlsplit(SITE_URL).hostname or "")
# The mailbox that process_bounces reads: a path, or imaps://user:password@host/INBOX.
BOUNCE_MAILBOX = env.str("BOUNCE_MAILBOX", default="")
# Issues in a row that must come back before an address with, say, a full mailbox gets no more.
SOFT_BOUNCES = env.whole("SOFT_BOUNCES", 3)
# Whether a mail that may have arrived is sent again: doubled rather than lost.
SEND_UNKNOWN_AGAIN = env.bool("SEND_UNKNOWN_AGAIN", default=False)
SEND_LATE_HOURS = env.number("SEND_LATE_HOURS", 6, least=0)

# --- Being found ----------------------------------------------------------------------------

# Names the site to search engines that are told of each change; empty: none is told.
INDEXNOW_KEY = env.read("INDEXNOW_KEY", lambda text: text and index_now_key(text))

# --- People who sign in ---------------------------------------------------------------------

AUTH_USER_MODEL = "blog.Author"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# --- Safety ---------------------------------------------------------------------------------

HTTPS = SITE_URL.startswith("https://")
TRUSTED_PROXIES = env.read("TRUSTED_PROXIES", networks)
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# `no-referrer` would turn the Origin of our own forms into "null".
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = env.whole("HSTS_SECONDS", 31_536_000, least=0) if HTTPS else 0
# Without a trusted proxy the site cannot know how a reader came, and would redirect for ever.
SECURE_SSL_REDIRECT = HTTPS and bool(TRUSTED_PROXIES)
# To the site's own address, and not to whatever port or spelling the Host header names.
SECURE_SSL_HOST = urlsplit(SITE_URL).netloc
# A mail program's one-click unsubscribe follows no redirect; a health check speaks plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^newsletter/unsubscribe/", r"^healthz/$", r"^readyz/$"]
X_FRAME_OPTIONS = "DENY"
# Public pages use no nonce, so their bytes are the same for everyone; Django leaves it out of
# the header of any page whose template does not ask for it.
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:", *env.read("STORAGE_URL", picture_hosts)],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "frame-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
}
SILENCED_SYSTEM_CHECKS = [
    # HSTS for subdomains and preloading bind names that this site does not own.
    "security.W005",
    "security.W021",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

# --- Languages and times --------------------------------------------------------------------

# What is written here is in this language, and pages say so.
SITE_LANGUAGE = env.read("LANGUAGE_CODE", language, default="en")
# The languages that every word of ours comes in (docs/languages.md). A site in another one has its
# words in English, all of them: Django has the half of many more languages.
LANGUAGES = [
    ("de", "Deutsch"),
    ("en", "English"),
    ("es", "Español"),
    ("fr", "Français"),
    ("zh-hans", "简体中文"),
]
LANGUAGE_CODE = nearest(SITE_LANGUAGE, LANGUAGES) or "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.read("TIME_ZONE", time_zone, default="UTC")
USE_TZ = True
FORMAT_MODULE_PATH = "config.formats"

# --- Pages ---------------------------------------------------------------------------------

# Megabytes of public pages that each web process keeps; 0 or "off" keeps none.
PAGE_CACHE = env.read("PAGE_CACHE", megabytes, default="16")
# Seconds for which a CDN may answer without asking; 0 means that it asks every time.
CDN_SECONDS = env.whole("CDN_SECONDS", 0, least=0)

# --- Running --------------------------------------------------------------------------------

WEB_WORKERS = env.whole("WEB_WORKERS", 2, most=1000)
WHITENOISE_MAX_AGE = 3600
LOG_FORMAT = env.one_of("LOG_FORMAT", ["text", "json"], default="text")
LOG_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request": {"()": "config.logs.AddRequestId"},
        "visitor": {"()": "config.logs.BlamesTheVisitor"},
    },
    "formatters": {
        "text": {"()": "config.logs.TextFormatter"},
        "json": {"()": "config.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request"],
            "formatter": LOG_FORMAT,
        }
    },
    "root": {"handlers": ["console"], "level": env.one_of("LOG_LEVEL", LOG_LEVELS, "WARNING")},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        **{name: {"filters": ["visitor"]} for name in OF_VISITORS},
        # Whoever needed a connection reports that there was none; the pool would say so too.
        "psycopg.pool": {"level": "CRITICAL"},
        "pennypost": {"level": env.one_of("LOG_LEVEL", LOG_LEVELS, "INFO")},
    },
}

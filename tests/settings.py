"""The site's own settings, with nothing taken from the machine that the tests run on."""

import atexit
import os
import shutil
import tempfile

for name in ("DATABASE_URL", "CACHE_URL", "EMAIL_URL", "STORAGE_URL", "TIME_ZONE", "PORT"):
    os.environ.pop(name, None)
os.environ |= {
    "ENV_FILE": os.devnull,
    "DEBUG": "False",
    "SECRET_KEY": "only-for-tests-" + "x" * 50,
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1,blog.example.com",
    "SITE_URL": "https://blog.example.com",
    "VAR_DIR": tempfile.mkdtemp(prefix="pennypost-tests-"),
    "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", ""),
    "EMAIL_URL": "memorymail://",
    "LANGUAGE_CODE": "en",
    "TIME_ZONE": "UTC",
}

atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)

from config.settings import *  # noqa: E402, F403

STORAGES["staticfiles"] = {  # noqa: F405
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, not memory, so that connections lock each other out as they do in production; but
    # no test needs to survive a power cut.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}  # noqa: F405
    OPTIONS = DATABASES["default"]["OPTIONS"]  # noqa: F405
    OPTIONS["init_command"] = OPTIONS["init_command"].replace("FULL", "OFF")
# Hashing a password slowly is right, and would take half of the suite's time.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SECURE_SSL_REDIRECT = False
# WhiteNoise warns about a folder that is not there; tests collect nothing into it.
STATIC_ROOT.mkdir()  # noqa: F405

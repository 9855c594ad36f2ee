"""Starting with settings that are missing or wrong."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import (
    bare_address,
    cache,
    database,
    language,
    limits_of_calls,
    mailer,
    media_storage,
    production_fault,
)

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": "blog.example.com",
    "SITE_URL": "https://b.example",
}


READ_SETTINGS = ["-c", "import config.settings"]  # what every command begins with


def start(
    tmp_path: Path, *, command: list[str] = READ_SETTINGS, **environment: str
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "ENV_FILE": os.devnull,
            "VAR_DIR": str(tmp_path),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "change-me"),
        ("ALLOWED_HOSTS", ""),
        ("SITE_URL", ""),
        ("SITE_URL", "blog.example.com"),
        ("SITE_URL", "https://blog.example.com/blog"),
    ],
)
def test_missing_setting_stops_the_start_with_one_sentence(tmp_path, name, value):
    result = start(tmp_path, **GOOD | {name: value})

    assert result.returncode == 1
    assert result.stderr.startswith(name)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "setting",
    [
        "WEB_WORKERS=x",
        "WEB_WORKERS=0",
        "PAGE_CACHE=x",
        "PAGE_CACHE=-1",
        "CDN_SECONDS=-1",
        "PORT=x",
        "PORT=99999",
        "EMAIL_URL=smtp://x:s3cret",
        "DATABASE_URL=s3cret",
        "DATABASE_URL=postgres://x:s3cret/y",
        "STORAGE_URL=s3://k:s@host:s3cret/b",
        "CACHE_URL=s3cret",
        "LANGUAGE_CODE=xx-yy",
        "TIME_ZONE=Mars/Base",
        "TIME_ZONE=Europe",
        "LOG_LEVEL=loud",
        "LOG_FORMAT=xml",
        "HSTS_SECONDS=-1",
        "SITE_URL=https://blog.example:abc",
        "SITE_URL=https://[blog.example",
        "PENDING_DAYS=-1",
        "EVIDENCE_DAYS=99999999999",
        "CONFIRMATIONS_PER_HOUR=many",
        "TRUSTED_PROXIES=10.0.0.1,garbage",
        "SEND_TIMEOUT=soon",
        "SEND_BATCH=0",
        "SEND_BATCH=101",
        "SEND_TIMEOUT=0",
        "SEND_LEASE=-30",
        "SEND_LATE_HOURS=-1",
        "SEND_RATE=fast",
        "SEND_RATE=10/s,500",
        "SOFT_BOUNCES=0",
        "DEFAULT_FROM_EMAIL=The Example",
        "BOUNCE_ADDRESS=The Bounces <bounces@blog.example.com>",
        "INDEXNOW_KEY=short",
        "INDEXNOW_KEY=no_such/key.txt",
    ],
)
def test_setting_that_cannot_be_meant_stops_the_start_with_one_sentence(tmp_path, setting):
    name, _, value = setting.partition("=")

    result = start(tmp_path, **GOOD | {name: value})

    assert result.returncode == 1
    assert re.fullmatch(rf"{name} [^\n]+\.\n", result.stderr)
    assert "s3cret" not in result.stderr


@pytest.mark.parametrize("text", ["hello", "hello@", "@blog.example", "a@b@c", "a@x.co, b@x.co"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="no address"):
        bare_address(text)


@pytest.mark.parametrize("code", ["en", "en-gb", "de", "pt-br", "zh-hans", "sr-latn"])
def test_language_that_django_speaks_is_taken(code):
    assert language(code) == code


def test_good_settings_start(tmp_path):
    result = start(tmp_path, command=["manage.py", "check"], **GOOD)

    assert (result.returncode, result.stderr) == (0, "")


def test_development_needs_no_settings():
    assert production_fault(True, "", [], "") is None


def test_environment_wins_over_the_env_file(tmp_path):
    env_file = tmp_path / ".env"
    env_file.write_text("SITE_URL=https://from-file.example\nTIME_ZONE=Europe/Berlin\n")

    result = subprocess.run(
        [
            sys.executable,
            "-c",
            "from config import settings; print(settings.SITE_URL, settings.TIME_ZONE)",
        ],
        cwd=ROOT,
        env={"ENV_FILE": str(env_file), "VAR_DIR": str(tmp_path), **GOOD},
        capture_output=True,
        text=True,
    )

    assert result.stdout == "https://b.example Europe/Berlin\n"


def test_web_process_loads_only_what_its_site_uses(tmp_path):
    print_loaded = "import config.wsgi, sys; print(*sorted(sys.modules))"

    loaded = start(tmp_path, command=["-c", print_loaded], **GOOD).stdout.split()

    assert "newsletter.webhooks" in loaded
    # Amazon's libraries, PostgreSQL's and Redis's take some megabytes of each process.
    assert {"boto3", "botocore", "psycopg", "redis"}.isdisjoint(loaded)


@pytest.mark.parametrize(
    "url",
    [
        "postgres:////run/postgresql/blog",
        "postgres://%2Frun%2Fpostgresql/blog",
        "postgres://ann@%2Frun%2Fpostgresql:5433/blog",
    ],
)
def test_postgresql_is_reached_by_its_socket(url):
    config = database(url, pool=False)

    assert (config["HOST"], config["NAME"]) == ("/run/postgresql", "blog")


def test_env_example_lists_every_setting():
    tree = ast.parse((ROOT / "config/settings.py").read_text())
    read = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    example = (ROOT / ".env.example").read_text()

    assert len(read) > 15
    assert set(re.findall(r"^#? ?([A-Z_]+)=", example, re.MULTILINE)) == read


def test_only_settings_read_the_environment():
    readers = [
        path.relative_to(ROOT).as_posix()
        for folder in ("blog", "newsletter", "config")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"os\.environ\[|os\.environ\.get|os\.getenv", path.read_text())
    ]

    assert readers == []


def test_mail_url_becomes_a_mailer():
    found = mailer("smtp+tls://penny:p%40ss@mail.example.com", Path("/mail"))

    assert found["OPTIONS"] == {
        "host": "mail.example.com",
        "port": 587,
        "username": "penny",
        "password": "p@ss",
        "timeout": 20,
        "use_tls": True,
    }


def test_unknown_mail_scheme_is_named():
    with pytest.raises(SystemExit, match="pigeon://"):
        mailer("pigeon://coop", Path("/mail"))


def test_call_to_a_mail_service_has_an_end():
    limits = {"to_connect": 5, "to_answer": 15}

    assert limits_of_calls("", **limits) == {}
    assert limits_of_calls("postmark", **limits) == {"REQUESTS_TIMEOUT": (5, 15)}


def test_library_of_amazon_makes_no_call_twice():
    limits = limits_of_calls("amazon_ses", to_connect=5, to_answer=15)

    assert limits["AMAZON_SES_CLIENT_PARAMS"]["config"] == {
        "connect_timeout": 5,
        "read_timeout": 15,
        "retries": {"total_max_attempts": 1},
    }


def test_storage_url_becomes_a_bucket():
    found = media_storage("s3://KEY:SE%2FCRET@s3.example.com/pictures?region=eu-1")

    assert found["OPTIONS"] == {
        "access_key": "KEY",
        "secret_key": "SE/CRET",
        "bucket_name": "pictures",
        "endpoint_url": "https://s3.example.com",
        "region_name": "eu-1",
        "querystring_auth": False,
    }


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("", "'self' data:"),
        ("s3://k:s@s3.example.com/pictures", "'self' data: https://s3.example.com"),
        ("s3://k:s@s3.example.com:9000/pictures", "'self' data: https://s3.example.com:9000"),
    ],
)
def test_pages_may_show_the_pictures_of_the_bucket(tmp_path, url, shown):
    program = "from config.settings import SECURE_CSP; print(*SECURE_CSP['img-src'])"

    result = start(tmp_path, command=["-c", program], **GOOD, STORAGE_URL=url)

    assert (result.stdout, result.stderr) == (f"{shown}\n", "")


@pytest.mark.parametrize(
    ("query", "seconds"), [("", 1), ("?socket_timeout=0.1", 0.1)], ids=["default", "in the URL"]
)
def test_redis_is_never_waited_for_without_end(query, seconds):
    options = cache(f"redis://redis.example.com/0{query}")["OPTIONS"]

    assert options == {"socket_connect_timeout": 1, "socket_timeout": seconds}

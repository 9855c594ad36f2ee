"""bootstrap.sh, run for real in a folder of its own, with a uv that only notes what it is asked."""

import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[1]
PYTHON = Path(sys.executable).resolve()
TOOLS = ["cat", "cksum", "cut", "dirname", "ln", "mkdir", "mv", "rm", "sh", "sleep"]

# Makes an empty environment, and "installs" the Django of the version in the file django-version.
UV = """#!/bin/sh
packages=.venv/lib/python3.{minor}/site-packages
case "$1" in
    --version) exit ;;
    venv)
        mkdir -p .venv/bin "$packages"
        ln -s "{python}" .venv/bin/python
        echo "home = {python.parent}" > .venv/pyvenv.cfg
        exit ;;
esac
echo "$*" >> uv.log
mkdir -p "$packages/django"
echo "VERSION = $(cat django-version)" > "$packages/django/__init__.py"
[ -z "$INTERRUPTED" ] || kill -9 $PPID
"""


def executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path):
    """A folder with what bootstrap.sh needs; its `bin` is all that PATH holds."""
    folder = tmp_path / "a checkout"
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    for name in ("bootstrap.sh", ".python-version"):
        shutil.copy(ROOT / name, folder)
    (folder / "django-version").write_text("(6, 1, 3)")
    (folder / "bin").mkdir()
    for name in TOOLS:
        (folder / "bin" / name).symlink_to(shutil.which(name))
    return folder


@pytest.fixture
def with_uv(checkout):
    executable(checkout / "bin/uv", UV.format(python=PYTHON, minor=sys.version_info.minor))
    (checkout / "bin/python3").symlink_to(PYTHON)
    return checkout


def bootstrap(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [shutil.which("sh"), str(folder / "bootstrap.sh"), *arguments],
        cwd="/",
        env={"PATH": str(folder / "bin"), "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def installations(folder: Path) -> list[str]:
    log = folder / "uv.log"
    return re.findall(r"requirements/(\w+)\.txt", log.read_text()) if log.exists() else []


def test_machine_without_a_fitting_python_is_told_what_to_install(checkout):
    executable(checkout / "bin/python3", "#!/bin/sh\nexit 127\n")

    result = bootstrap(checkout, "base")

    assert result.returncode == 1
    assert result.stderr.startswith("Pennypost needs Python 3.12, 3.13 or 3.14: install one")
    assert result.stderr.count("\n") == 1
    assert not (checkout / ".venv").exists()


def test_script_takes_the_pythons_that_pyproject_names():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    oldest, newest = re.search(
        r"\(3, (\d+)\) <= sys\.version_info < \(3, (\d+)\)", (ROOT / "bootstrap.sh").read_text()
    ).groups()

    assert wanted == f">=3.{oldest},<3.{newest}"


def test_packages_are_installed_by_hash_into_the_folder(with_uv):
    result = bootstrap(with_uv, "test")

    assert result.returncode == 0, result.stderr
    assert (with_uv / "uv.log").read_text() == (
        "pip install --quiet --compile-bytecode --python .venv/bin/python "
        "--require-hashes -r requirements/test.txt\n"
    )
    assert not (with_uv / ".env").exists()


def test_second_call_does_nothing(with_uv):
    bootstrap(with_uv, "base")

    result = bootstrap(with_uv, "base")

    assert (result.returncode, result.stderr) == (0, "")
    assert installations(with_uv) == ["base"]


def test_larger_lock_serves_for_the_smaller(with_uv):
    for name in ("base", "test", "base", "dev", "test", "extras", "base"):
        bootstrap(with_uv, name)

    assert installations(with_uv) == ["base", "test", "dev"]


def test_changed_lock_is_installed(with_uv):
    bootstrap(with_uv, "base")
    with (with_uv / "requirements/base.txt").open("a") as lock:
        lock.write("# changed\n")

    bootstrap(with_uv, "base")

    assert installations(with_uv) == ["base", "base"]


def test_unfinished_environment_is_made_anew(with_uv):
    interrupted = bootstrap(with_uv, "base", INTERRUPTED="yes")
    (with_uv / ".venv/left-over").touch()

    result = bootstrap(with_uv, "base")

    assert interrupted.returncode == -9
    assert result.returncode == 0, result.stderr
    assert not (with_uv / ".venv/left-over").exists()


def test_environment_whose_python_is_gone_is_made_anew(with_uv):
    bootstrap(with_uv, "base")
    for path in (with_uv / ".venv/bin").glob("python*"):
        path.unlink()

    result = bootstrap(with_uv, "base")

    assert result.returncode == 0, result.stderr
    assert (with_uv / ".venv/bin/python").exists()
    assert installations(with_uv) == ["base", "base"]


def test_lock_that_brings_an_old_django_is_refused(with_uv):
    (with_uv / "django-version").write_text("(6, 0, 10)")

    result = bootstrap(with_uv, "base")

    assert result.returncode == 1
    assert "Django older than 6.1" in result.stderr


def test_development_gets_settings_that_only_their_owner_can_read(with_uv):
    result = bootstrap(with_uv, "base", "--development")

    settings = (with_uv / ".env").read_text()
    assert result.returncode == 0, result.stderr
    assert stat.S_IMODE(os.stat(with_uv / ".env").st_mode) == 0o600
    assert re.search(r"^DEBUG=True\nSECRET_KEY=[\w-]{64}$", settings, re.MULTILINE)


def test_settings_that_are_there_stay(with_uv):
    (with_uv / ".env").write_text("DEBUG=False\n")

    bootstrap(with_uv, "base", "--development")

    assert (with_uv / ".env").read_text() == "DEBUG=False\n"

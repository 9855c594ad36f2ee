"""The programs that judge pages, installed by npm below var/ as package.json names them."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.e2e.chromium import launch_options
from tests.system import ROOT

WANTED = Path(__file__).with_name("package.json")
NEEDED = {
    "npm": "the JavaScript tools come by npm",
    "node": "Lighthouse runs on Node.js, 18 or newer",
    "java": "the Nu HTML checker runs on Java, 17 or newer",
    "chromium": "pages are looked at in Chromium",
}
ATTEMPTS = 3


def install() -> Path:
    """Where the tools are; they are fetched once for each version of package.json."""
    for program, reason in NEEDED.items():
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is missing: {reason}. Your system has a package for it.")
    version = hashlib.sha256(WANTED.read_bytes()).hexdigest()[:12]
    folder = ROOT / "var" / f"quality-{version}"
    if not (folder / "ready").exists():
        print("Installing Lighthouse and the Nu HTML checker.", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(WANTED, folder)
        options = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
        subprocess.run(["npm", "install", *options], cwd=folder, check=True, timeout=600)
        (folder / "ready").touch()
    return folder / "node_modules"


def checker(tools: Path) -> Path:
    return tools / "vnu-jar/build/dist/vnu.jar"


def markup_errors(jar: Path, source: str) -> list[str]:
    """What the Nu HTML checker calls an error in a page's source."""
    command = ["java", "-jar", str(jar), "--stdout", "--exit-zero-always", "--format", "json", "-"]
    printed = subprocess.run(
        command, input=source, capture_output=True, text=True, check=True, timeout=60
    )
    messages = json.loads(printed.stdout)["messages"]
    return [
        f"{each['message']} (line {each.get('lastLine', '?')})"
        for each in messages
        if each["type"] != "info"
    ]


def lighthouse(tools: Path, address: str) -> dict:
    """One run with its mobile setting, as JSON."""
    browser = launch_options()
    flags = " ".join(["--headless=new", *browser["args"]])
    command = [
        *("node", str(tools / "lighthouse/cli/index.js"), address, "--quiet", "--output=json"),
        *("--output-path=stdout", f"--chrome-flags={flags}"),
    ]
    settings = os.environ | {"CHROME_PATH": browser["executable_path"]}
    # On a busy machine Chromium does not always show a page in the time that Lighthouse gives it.
    for _ in range(ATTEMPTS):
        run = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=180)
        if run.returncode == 0:
            return json.loads(run.stdout)
    raise SystemExit(f"Lighthouse cannot judge {address}:\n{run.stderr}")

"""Sites that are written as a user writes them, and a real browser that opens them from their files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from detections.backtest import write_backtest
from detections.rule import load_rules
from detections.site import backtest_page
from made_site import ATTACK, hostile_project, made_backtest, made_plan, made_status

REPO = Path(__file__).parents[2]
CORPUS = REPO.parent / "shared" / "data" / "rules-corpus"
AXE = REPO / "build" / "browser" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1280,1000",
)  # fmt: skip


def written(out: Path, *arguments: object, folder: Path = REPO) -> Path:
    """The folder of a site that the command wrote."""
    command = [sys.executable, "-m", "detections", "site", "-o", str(out), *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def reports(folder: Path, rules: Sequence[Any]) -> list[object]:
    """The options for a backtest, a plan and a status of these rules."""
    write_backtest(folder / "backtest.json", made_backtest(rules))
    (folder / "plan.json").write_text(json.dumps(made_plan(rules)))
    (folder / "status.json").write_text(json.dumps(made_status(rules)))
    return [value for name in ("backtest", "plan", "status") for value in (f"--{name}", folder / f"{name}.json")]


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of this repo, with all that can be shown."""
    folder = tmp_path_factory.mktemp("ours")
    return written(folder / "site", *reports(folder, load_rules(REPO / "rules").rules))


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a project in which every text tries to act."""
    folder = tmp_path_factory.mktemp("hostile")
    hostile_project(folder)
    return written(folder / "site", *reports(folder, load_rules(folder / "rules").rules), folder=folder)


@pytest.fixture(scope="session")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the public rules."""
    if not CORPUS.is_dir():
        pytest.skip("the public rules are not beside the project (../shared/data/rules-corpus)")
    return written(tmp_path_factory.mktemp("public") / "site", CORPUS)


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the page of a backtest."""
    folder = tmp_path_factory.mktemp("alone")
    page = backtest_page(made_backtest(load_rules(REPO / "rules").rules), ATTACK)
    (folder / "backtest.html").write_text(page, encoding="utf-8")
    return folder


class Browser:
    """A headless Chromium, and what its pages did."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, page: Path, fragment: str = "") -> None:
        self.driver.get("about:blank")
        self.driver.get(page.as_uri() + fragment)

    def problems(self) -> list[str]:
        """Errors of the console since it was last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def requests(self) -> set[str]:
        """The addresses that were asked for since it was last asked."""
        messages = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        return {one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"}

    def media(self, scheme: str = "light", width: int = 1280, *, paper: bool = False) -> None:
        """How the page is looked at."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"media": "print" if paper else "screen", "features": features}
        )
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False},
        )


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("no Chromium with its driver is installed: .ci/browser installs them")
    options = Options()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # Selenium asks the driver over the loopback, which no proxy of this machine knows.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1"
    with webdriver.Chrome(options=options, service=Service(driver)) as made:
        yield Browser(made)


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that looks for what keeps people out."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: .ci/browser installs it")
    return AXE.read_text(encoding="utf-8")

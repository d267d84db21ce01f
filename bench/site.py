"""How long the pages of 2,200 rules take to be written, how big the catalogue's index is, and how fast it is searched.

`python bench/site.py RULES` makes 2,200 rules of those below the folder RULES: each as it is, and then again with
another rule_id, name and order of words, so that the index has as many words as that many rules would have. Searches
run in a headless Chromium, where one with its driver is installed. Wanted: below a minute, 1 MB and 50 ms.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

RULES = 2200
ROUNDS = 7
QUERIES = ("a", "e", "process", "event.action", "user.name lateral", "T1078", "credential access ssh key", "zzz")
_RARE = re.compile(r"\b[a-z]{9,}\b(?! =)")
_TEXT = re.compile(r"""(?s)^(?:description|query) = (\"{3}|'{3}).*?\1""", re.MULTILINE)
_TIMED = """
const box = document.getElementById("search");
box.value = arguments[0];
const began = performance.now();
box.dispatchEvent(new Event("input"));
document.body.getBoundingClientRect();
return performance.now() - began;
"""


def texts(folder: Path) -> Iterator[str]:
    """The rules over and over; from the second time with an id, a name and some rare words of their own."""
    found = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.toml"))]
    found = [text for text in found if "rule_id" in tomllib.loads(text).get("rule", {})]
    yield from found
    for number in count(1):
        for text in found:
            own = hashlib.sha256(f"{number}{text}".encode()).hexdigest()
            name = f"{own[:8]}-{own[8:12]}-{own[12:16]}-{own[16:20]}-{own[20:32]}"
            changed = re.sub(r'(?m)^rule_id = ".*"', f'rule_id = "{name}"', text)
            changed = re.sub(r'(?m)^name = "(.*)"', rf'name = "\1 {own[:5]}"', changed, count=1)
            yield _TEXT.sub(lambda part, own=own: _RARE.sub(lambda word: _own(word, own), part[0]), changed)


def _own(word: re.Match[str], own: str) -> str:
    """A tenth of the long words become new ones, as the words of rules that people write go on to grow in number."""
    return word[0] + own[:2] * (word.start() % 10 == 0)


def searches(site: Path) -> list[float]:
    """Milliseconds from a key to the page laid out anew, of each query the median. The page is loaded anew for each, so
    that nothing is remembered."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        print("searches are not measured: no Chromium with its driver is installed")
        return []
    options = Options()
    options.binary_location = chromium
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(flag)
    with webdriver.Chrome(options=options, service=Service(driver)) as browser:

        def search(query: str) -> float:
            browser.get((site / "index.html").as_uri())
            return float(browser.execute_script(_TIMED, query))

        return [statistics.median(search(query) for _ in range(ROUNDS)) for query in QUERIES]


def main(rules: Path) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "rules"
        folder.mkdir()
        for number, text in enumerate(islice(texts(rules), RULES)):
            (folder / f"r{number}.toml").write_text(text, encoding="utf-8")
        site = Path(made) / "site"
        began = time.perf_counter()
        command = [sys.executable, "-m", "detections", "site", str(folder), "-o", str(site)]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        taken = time.perf_counter() - began
        pages = len(list((site / "rules").iterdir()))
        print(f"pages      {pages:9,}          of {RULES:,} rules")
        print(f"written in {taken:9.1f} s        (wanted: below 60)")
        print(f"index      {(site / 'index.js').stat().st_size / 1e6:9.2f} MB       (wanted: below 1)")
        if found := searches(site):
            print(f"search     {statistics.median(found):9.1f} ms       median of {len(QUERIES)} queries")
            print(f"           {max(found):9.1f} ms       the slowest of them (wanted: below 50)")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        print("not measured: name a folder with a few hundred rules at least")

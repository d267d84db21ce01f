"""How much of public rules the cases that are made from their queries cover: clauses with a case that turns on them.

Reads ../shared/data/rules-corpus (rules of elastic/detection-rules), or the folders given. `--open` lists the clauses
that no case turns on.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

from detections.errors import DetectionsError, NotEvaluated
from detections.rule import Rule, load_rules
from detections.scaffold import Scaffold, scaffold

SHARED = Path(__file__).resolve().parents[2] / "shared/data/rules-corpus"


def main() -> None:
    listing = "--open" in sys.argv
    folders = [Path(one) for one in sys.argv[1:] if one != "--open"] or [SHARED]
    if not all(folder.exists() for folder in folders):
        print(f"not there: {', '.join(str(one) for one in folders if not one.exists())}")
        return
    count: Counter[tuple[str, str]] = Counter()
    why: Counter[str] = Counter()
    began = time.perf_counter()
    for rule in load_rules(*folders):
        made = _made(rule, count, why)
        if made is None:
            continue
        count[rule.type, "rules"] += 1
        count[rule.type, "clauses"] += len(made.clauses)
        count[rule.type, "covered"] += len(made.clauses) - len(made.open)
        count[rule.type, "cases"] += made.alerts + made.quiet
        count[rule.type, "left out"] += len(made.unlike)
        if listing and made.open:
            print(rule.document.path)
            for text in made.open:
                print(f"    {text[:200]}")
    took = time.perf_counter() - began
    print(f"{'type':<18}{'rules':>7}{'none':>6}{'cases':>8}{'left out':>10}{'clauses':>9}{'covered':>9}")
    for kind in sorted({kind for kind, _ in count}):
        clauses, covered = count[kind, "clauses"], count[kind, "covered"]
        share = f"{covered / clauses:.1%}" if clauses else "-"
        numbers = [count[kind, name] for name in ("rules", "none", "cases", "left out", "clauses")]
        print(f"{kind:<18}{numbers[0]:>7}{numbers[1]:>6}{numbers[2]:>8}{numbers[3]:>10}{numbers[4]:>9}{share:>9}")
    clauses = sum(number for (_, name), number in count.items() if name == "clauses")
    covered = sum(number for (_, name), number in count.items() if name == "covered")
    if clauses:
        print(f"all: {covered:,} of {clauses:,} clauses covered ({covered / clauses:.1%}), {took:.0f} s")
    for reason, number in why.most_common():
        print(f"    no cases for {number:,} rules: {reason}")


def _made(rule: Rule, count: Counter[tuple[str, str]], why: Counter[str]) -> Scaffold | None:
    try:
        made = scaffold(rule, "made")
    except NotEvaluated as error:
        count[rule.type, "none"] += 1
        why[str(error)[:80]] += 1
        return None
    except DetectionsError as error:
        count[rule.type, "none"] += 1
        why[f"{type(error).__name__}: {str(error).splitlines()[0][:60]}"] += 1
        return None
    if made is None:
        count[rule.type, "none"] += 1
        why[f"{rule.type}: no event was found that it alerts on"] += 1
        if "--open" in sys.argv:
            print(f"NONE {rule.document.path}")
    return made


if __name__ == "__main__":
    main()

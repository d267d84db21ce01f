from pathlib import Path

from detections import checks
from detections.rule import load_rules

BASE = (Path(__file__).parents[2] / "corpus" / "check" / "base.toml").read_text(encoding="utf-8")


def codes_with(folder: Path, query: str) -> set[str]:
    start, end = BASE.index("query = '''"), BASE.index("references =")
    (folder / "x.toml").write_text(f"{BASE[:start]}query = '''{query}'''\n{BASE[end:]}", encoding="utf-8")
    return {finding.code for finding in checks.run(load_rules(folder), ())}


def nested(depth: int) -> str:
    """Alternating conjunctions and disjunctions, each inside the other."""
    query = "user.name: z"
    for level in range(depth):
        query = f"(user.id: a{level} {'and' if level % 2 else 'or'} {query})"
    return query


def test_elasticsearch_nests_queries_only_so_deep(tmp_path):
    assert codes_with(tmp_path, nested(10)) == set()
    assert codes_with(tmp_path, nested(40)) == {"field-type"}


def test_ten_thousand_levels_are_a_syntax_error(tmp_path):
    assert codes_with(tmp_path, "(" * 10_000 + "user.name: z" + ")" * 10_000) == {"query-syntax"}
    assert codes_with(tmp_path, "not (" * 10_000 + "user.name: z" + ")" * 10_000) == {"query-syntax"}


def test_a_long_query_is_only_work(tmp_path):
    assert codes_with(tmp_path, " or ".join(f"user.id: u{number}" for number in range(20_000))) == set()

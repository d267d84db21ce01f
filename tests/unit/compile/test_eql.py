"""What EQL's fields refuse, and what kind of leaf a condition becomes. The texts are Elasticsearch's."""

from __future__ import annotations

import pickle
import tomllib

import pytest

from detections.compile.eql import compile_eql, refusals
from detections.errors import QueryTypeError
from detections.mapping import Field, Mapping, catalog_mapping
from detections.plan import predicate as ir
from detections.plan.predicate import Always, And, Between, Compute, Equals, Exists, Like, Matches, Not, Or, leaves
from detections.plan.program import Events, Key, Pipe, Program, Sample, Sequence
from detections.query import parse
from public_rules import PUBLIC, known_faults

MAPPING = Mapping.of(
    {
        "@timestamp": "date", "event.category": "keyword", "name": "keyword", "path": "wildcard", "md5": "keyword",
        "size": "long", "ratio": "double", "flag": "boolean", "ip": "ip", "at": "date", "release": "version",
        "host": {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 9}}}, "plain": "text",
        "two": {"type": "text", "fields": {"a": {"type": "keyword"}, "b": {"type": "keyword"}}},
        "blob": "flattened", "location": "geo_point", "mixed": ["long", "keyword"], "fixed": ["keyword", "wildcard"],
        "list": "nested", "list.pid": {"type": "long", "nested": "list"}, "dir.file": "keyword",
        "when": ["date", "date_nanos"],
        "alias": {"type": "alias", "path": "name"}, "hidden": {"type": "keyword", "index": False, "doc_values": False},
    }
)  # fmt: skip


def compiled(query: str, mapping: Mapping = MAPPING, **options: str) -> Program:
    return compile_eql(parse(query, "eql"), mapping, **options)


def predicate(condition: str) -> object:
    body = compiled(f"any where {condition}").body
    assert isinstance(body, Events)
    return body.predicate


def refused(query: str) -> list[tuple[str, str]]:
    """Each refusal with the part of the query it is about."""
    return [(one.message, query[one.start : one.end]) for one in refusals(parse(query, "eql"), MAPPING)]


INEXACT = "No keyword/multi-field defined exact matches for [plain]; define one or use MATCH/QUERY instead"


@pytest.mark.parametrize(
    ("query", "message", "place"),
    [
        ("any where xxx == 1", "Unknown column [xxx]", "xxx"),
        ("any where md4 == 1", "Unknown column [md4], did you mean [md5]?", "md4"),
        ("any where hast == 1", "Unknown column [hast], did you mean any of [host, at]?", "hast"),
        ("any where location == 0", "Cannot use field [location] with unsupported type [geo_point]", "location"),
        ("any where blob == 0", "Cannot use field [blob] with unsupported type [flattened]", "blob"),
        (
            "any where ?mixed == 0",
            "Cannot use field [mixed] due to ambiguities being mapped as [2] incompatible types: [long], [keyword]",
            "?mixed",
        ),
        (
            "any where when == 0",
            "Cannot use field [when] due to ambiguities being mapped as [2] incompatible types: [date], [date_nanos]",
            "when",
        ),
        (
            'any where length(?no) : "x"',
            "first argument of [:] must be [string], found value [length(?no)] type [integer]; "
            "consider using [==] instead",
            'length(?no) : "x"',
        ),
        (
            'any where substring(name, number("1")) == "x"',
            'second argument of [substring(name, number("1"))] must be [integer], '
            'found value [number("1")] type [double]',
            'substring(name, number("1"))',
        ),
        ("any where dir == 0", "Cannot use field [dir] type [object] only its subfields", "dir"),
        (
            "any where list == 0",
            "Cannot use field [list] type [nested] due to nested fields not being supported yet",
            "list",
        ),
        (
            "any where list.pid == 0",
            "Cannot use field [list.pid] type [long] with unsupported nested type in hierarchy (field [list])",
            "list.pid",
        ),
        ("any where size", "Condition expression needs to be boolean, found [LONG]", "size"),
        ("any where at", "Condition expression needs to be boolean, found [DATETIME]", "at"),
        ("any where null", "Condition expression needs to be boolean, found [NULL]", "null"),
        (
            "process where size",
            "second argument of [process where size] must be [boolean], found value [size] type [long]",
            "process where size",
        ),
        ("any where not size", "argument of [not size] must be [boolean], found value [size] type [long]", "not size"),
        (
            "any where flag or name",
            "second argument of [flag or name] must be [boolean], found value [name] type [keyword]",
            "flag or name",
        ),
        (
            "any where size == 1 or size == ratio",
            "Comparisons against fields are not (currently) supported; offender [ratio] in [==]",
            "ratio",
        ),
        (
            "any where size != ratio + 1",
            "Comparisons against fields are not (currently) supported; offender [ratio + 1] in [==]",
            "ratio + 1",
        ),
        (
            'any where name in (path, "a")',
            'Comparisons against fields are not (currently) supported; offender [path] in [name in (path, "a")]',
            'name in (path, "a")',
        ),
        (
            "any where name in~ (path)",
            "Comparisons against fields are not (currently) supported; offender [path] in [:]",
            "path",
        ),
        (
            'any where size in (1, "x")',
            '2nd argument of [size in (1, "x")] must be [long], found value ["x"] type [keyword]',
            'size in (1, "x")',
        ),
        (
            "any where size : 123",
            "first argument of [:] must be [string], found value [size] type [long]; consider using [==] instead",
            "size : 123",
        ),
        (
            "any where name : 123",
            "second argument of [:] must be [string], found value [123] type [integer]; consider using [==] instead",
            "name : 123",
        ),
        ('any where name : ("a", null)', '[name : ("a", null)] pattern must not be [null]', "null"),
        (
            'any where size like "*.exe"',
            'argument of [size like "*.exe"] must be [string], found value [size] type [long]',
            'size like "*.exe"',
        ),
        (
            'any where size regex "1"',
            'first argument of [size regex "1"] must be [string], found value [size] type [long]',
            'size regex "1"',
        ),
        (
            'any where plain == "a"',
            f'[plain == "a"] cannot operate on first argument field of data type [text]: {INEXACT}',
            'plain == "a"',
        ),
        (
            'any where plain : "a"',
            f"[:] cannot operate on first argument field of data type [text]: {INEXACT}",
            'plain : "a"',
        ),
        (
            'any where length(plain) == 1',
            f"[length(plain)] cannot operate on field of data type [text]: {INEXACT}",
            "length(plain)",
        ),
        (
            'any where indexOf("x", plain) == 1',
            f'[indexOf("x", plain)] cannot operate on second argument field of data type [text]: {INEXACT}',
            'indexOf("x", plain)',
        ),
        (
            "any where (size > 1) == flag",
            "Comparisons against fields are not (currently) supported; offender [flag] in [==]",
            "flag",
        ),
        (
            'any where two == "a"',
            '[two == "a"] cannot operate on first argument field of data type [text]: Multiple exact keyword '
            "candidates available for [two]; specify which one to use",
            'two == "a"',
        ),
        ('any where match(name, "a")', "Unknown function [match], did you mean [cidrmatch]?", "match"),
        ("any where safe(name)", "Unknown function [safe]", "safe"),
        *(
            (
                f"any where {name}~(name) == 1",
                f"Function [{name}] has no variant that ignores case: write it without the ~",
                f"{name}~",
            )
            for name in ("length", "concat", "substring", "string", "number", "add", "cidrMatch")
        ),
        (
            "any where between(name) == 1",
            "error building [between]: expects three or four arguments",
            "between(name)",
        ),
        ("any where LENGTH() == 1", "error building [length]: expects exactly one argument", "LENGTH()"),
        ("any where cidrMatch(ip)", "error building [cidrmatch]: expects at least two arguments", "cidrMatch(ip)"),
        (
            "any where startsWith(name)",
            "error building [startswith]: expects exactly two arguments",
            "startsWith(name)",
        ),
        (
            "any where between(name, 1, 2) == 1",
            "second argument of [between(name, 1, 2)] must be [string], found value [1] type [integer]",
            "between(name, 1, 2)",
        ),
        (
            'any where between(name, "a", "b", "true") == 1',
            'fourth argument of [between(name, "a", "b", "true")] must be [boolean], '
            'found value ["true"] type [keyword]',
            'between(name, "a", "b", "true")',
        ),
        (
            "any where number(name, 1.0) == 1",
            "second argument of [number(name, 1.0)] must be [integer], found value [1.0] type [double]",
            "number(name, 1.0)",
        ),
        (
            "any where cidrMatch(ip, name)",
            "second argument of [cidrMatch(ip, name)] must be a constant, received [name]",
            "cidrMatch(ip, name)",
        ),
        (
            'any where cidrMatch(name, "10.0.0.0/8")',
            'first argument of [cidrMatch(name, "10.0.0.0/8")] must be [ip], found value [name] type [keyword]',
            'cidrMatch(name, "10.0.0.0/8")',
        ),
        (
            "any where name + 1 == 2",
            "first argument of [name + 1] must be [numeric], found value [name] type [keyword]",
            "name + 1",
        ),
        ("any where -name == 2", "argument of [-name] must be [numeric], found value [name] type [keyword]", "-name"),
        (
            'any where name regex "a{2,1}"',
            "invalid regular expression: repetition 2..1 out of order at position 6",
            '"a{2,1}"',
        ),
        ('any where size == "abc"', 'For input string: "abc"', 'size == "abc"'),
        ('any where ip == "x"', "'x' is not an IP string literal.", 'ip == "x"'),
        ('any where hidden == "x"', "Cannot search on field [hidden] since it is not indexed.", 'hidden == "x"'),
        (
            "sequence [any where true] by size [any where true] by md5",
            "Sequence key [md5] type [keyword] is incompatible with key [size] type [long]",
            "md5",
        ),
    ],
)  # fmt: skip
def test_a_refusal_says_what_and_where(query: str, message: str, place: str) -> None:
    found = refused(query)
    assert [where for _, where in found] == [place]
    assert found[0][0] == message
    with pytest.raises(QueryTypeError) as raised:
        compiled(query)
    assert raised.value.message == found[0][0]


def test_a_key_of_a_flattened_field_is_refused_by_name() -> None:
    message = "Unknown column [blob.a.b]: it is a key of the flattened field [blob], which EQL cannot read"
    assert refused("any where blob.a.b == 1") == [(message, "blob.a.b")]
    assert predicate("?blob.a.b == null") == Always(True)


def test_join_keys_agree_in_type() -> None:
    query = "sequence by name [any where true] by size [any where true] by at until [any where true] by size"
    message = "Sequence key [at] type [date] is incompatible with key [size] type [long]"
    assert refused(query) == [(message, "at")]
    message = "Sample key [md5] type [keyword] is incompatible with key [size] type [long]"
    assert refused("sample [any where true] by size [any where true] by md5") == [(message, "md5")]
    assert refused("sequence [any where true] by size [any where true] by ratio") == []
    assert refused("sequence [any where true] by size [any where true] by ?nothing") == []


def test_all_refusals_are_told_once_each_and_the_first_is_raised() -> None:
    query = 'process where xxx and (size : "a" or not yyy) and "b" in (name)'
    assert [place for _, place in refused(query)] == ["xxx", 'size : "a"', "yyy", '"b" in (name)']
    with pytest.raises(QueryTypeError, match="Unknown column"):
        compiled(query)


def test_a_category_wants_its_field() -> None:
    query = "process where true"
    assert [one.message for one in refusals(parse(query, "eql"), MAPPING, event_category_field="kind")] == [
        "Unknown column [kind]"
    ]
    assert refusals(parse("any where true", "eql"), MAPPING, event_category_field="kind") == []


def test_a_type_that_nobody_declared_gives_way_to_its_use() -> None:
    for condition in (
        "length(my.own) == 3", "my.own + 1 == 2", 'cidrMatch(my.own, "10.0.0.0/8")', "my.own", "not my.own",
        "-my.own > 1", "my.own in (1, 2)", 'my.own : "5"', "my.own == true",
    ):  # fmt: skip
        query = f"any where {condition}"
        assert refusals(parse(query, "eql"), catalog_mapping()) == []
        assert compiled(query, catalog_mapping()).body


@pytest.mark.parametrize(
    ("condition", "field", "operator"),
    [
        ('name == "A"', "name", Equals(frozenset({"A"}))),
        ('"A" == name', "name", Equals(frozenset({"A"}))),
        ("name == 1", "name", Equals(frozenset({"1"}))),
        ('name == "a*"', "name", Equals(frozenset({"a*"}))),
        ('name : "A"', "name", Equals(frozenset({"A"}), True)),
        ('name like~ "A"', "name", Equals(frozenset({"A"}), True)),
        ('name : "*"', "name", Exists()),
        ('host : "**"', "host", Exists()),
        ('host : "a"', "host.keyword", Equals(frozenset({"a"}), True)),
        ('host == "a"', "host.keyword", Equals(frozenset({"a"}))),
        ('name regex "a.*"', "name", Matches("a.*")),
        ('name regex~ "a.*"', "name", Matches("a.*", True)),
        ("size > 4", "size", Between(4, None, False)),
        ("4 < size", "size", Between(4, None, False)),
        ("size <= 4.5", "size", Between(None, 4.5)),
        ("flag", "flag", Equals(frozenset({True}))),
        ("flag == false", "flag", Equals(frozenset({False}))),
        ("name != null", "name", Exists()),
        ("null != name", "name", Exists()),
        ('string(name) == "a"', "name", Equals(frozenset({"a"}))),
        ("size == add(1, 2)", "size", Equals(frozenset({3}))),
        ('size == number("0x32", 16)', "size", Equals(frozenset({50}))),
        ('cidrMatch(ip, "10.0.0.0/8")', "ip", Between(0xFFFF_0A00_0000, 0xFFFF_0AFF_FFFF)),
        ('cidrMatch(ip, "10.0.0.0/8") == true', "ip", Between(0xFFFF_0A00_0000, 0xFFFF_0AFF_FFFF)),
        ('true == (name in ("a"))', "name", Equals(frozenset({"a"}))),
        ('release >= "1.5.0"', "release", Between("1.5.0")),
        ("size + 2 == 41", "size", Equals(frozenset({39}))),
        ("41 > 2 - size", "size", Between(-39, None, False)),
        ("-(subtract(size, 1) * -3) <= 6", "size", Between(None, 3)),
    ],
)
def test_what_asks_one_field_about_constants_is_a_test(condition: str, field: str, operator: object) -> None:
    made = predicate(condition)
    assert isinstance(made, ir.Test)
    assert (made.field.name, made.operator) == (field, operator)
    assert (made.missing, made.several) == ("false", "any")


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ('startsWith~(name, "a")', "a*"),
        ('endsWith(name, "a")', "*a"),
        ('stringContains(name, "a")', "*a*"),
        ('name : "a?c*"', "a?c*"),
        ('name like "%_*"', "%_*"),
    ],
)
def test_string_functions_and_patterns_are_patterns(condition: str, text: str) -> None:
    made = predicate(condition)
    assert isinstance(made, ir.Test)
    assert isinstance(made.operator, Like)
    assert "".join(map(str, made.operator.pattern)) == text
    assert made.operator.case_insensitive is ("~" in condition or ":" in condition)


@pytest.mark.parametrize(
    "condition",
    [
        "length(name) > 1", "null == (size > 1)", "size + ratio > 1", "size * 2 == 3", "size / 2 == 1",
        "ratio + 1 == 2", "size + 9223372036854775807 < -2", 'string(size) : "1*"', "indexOf(name, path) == 1",
        'substring(name, 1) in ("a")', 'concat(name, "x") like "a*"', 'startsWith("abc", name)',
    ],
)  # fmt: skip
def test_the_rest_is_computed(condition: str) -> None:
    made = predicate(condition)
    assert isinstance(made, Compute)
    assert made.several == "any"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("true", Always(True)),
        ("not true", Always(False)),
        ('?gone == "a"', Always(False)),
        ('not ?gone : "a"', Always(False)),
        ("?gone != null", Always(False)),
        ("?gone == null", Always(True)),
        ("?gone == ?lost", Always(True)),
        ("?gone in (null)", Always(False)),
        ('not ?gone : "*"', Always(True)),
        ('not ?gone : "a*"', Always(False)),
        ('not ?gone like "a"', Always(True)),
        ('not ?gone like~ "a"', Always(False)),
        ('not ?gone regex "a"', Always(True)),
        ('not ?gone regex "a.*"', Always(False)),
        ("not ?gone in (1)", Always(False)),
        ("?gone or true", Always(True)),
        ("not (?gone and true)", Always(False)),
        ("not (?gone and false)", Always(True)),
        ("1 + 1 == 2", Always(True)),
        ("7 / 2 == 3", Always(True)),
        ("-7 / 2 == -3", Always(True)),
        ("7 / 2.0 == 3.5", Always(True)),
        ("1 / 0 == null", Always(True)),
        ('"a" == 1', Always(False)),
        ('"Foo" < "foo"', Always(True)),
        ("size == 1 and false", Always(False)),
    ],
)
def test_constants_are_folded(condition: str, expected: Always) -> None:
    assert predicate(condition) == expected


def test_null_beside_another_condition_is_nothing() -> None:
    """``not (null or x)`` is ``not x``, as Elasticsearch's optimizer has it, where logic alone would say null."""
    size = predicate("size == 1")
    assert predicate("?gone > 1 or size == 1") == size
    assert predicate("not (?gone > 1 or size == 1)") == Not(size)  # type: ignore[arg-type]
    assert predicate("?gone > 1 and size == 1") == Always(False)


def test_lists_are_a_leaf_each_where_their_constants_stand() -> None:
    query = 'any where name in ("a", "b") and not path : ("c*", "d")'
    body = compiled(query).body
    assert isinstance(body, Events)
    assert isinstance(body.predicate, And)
    assert [type(one) for one in body.predicate.items] == [Or, Not]
    spans = [query[slice(*leaf.span)] for leaf in leaves(body.predicate)]
    assert spans == ['"a"', '"b"', '"c*"', '"d"']


def test_a_single_leaf_stands_where_its_condition_is() -> None:
    query = 'process where name : ("a") and 4 < size'
    body = compiled(query).body
    assert isinstance(body, Events)
    assert [query[slice(*leaf.span)] for leaf in leaves(body.predicate)] == ["process", 'name : ("a")', "4 < size"]


def test_the_program_of_a_sequence() -> None:
    query = (
        "sequence by ?gone, alias with maxspan=2m [process where true] by host with runs=2 ![any where false] by ?host "
        "[any where flag] by name until [any where size == 1] by name | head 10 | tail 3"
    )
    program = compiled(query, tiebreaker_field="size")
    body = program.body
    assert isinstance(body, Sequence)
    assert (program.order.timestamp.name, program.order.tiebreaker and program.order.tiebreaker.name) == (
        "@timestamp",
        "size",
    )
    assert body.maxspan == 120_000
    assert [stage.missing for stage in body.stages] == [False, False, True, False]
    unmapped = Key(Field("gone", "unmapped", declared=False), optional=True)
    assert [key.field.name for key in body.stages[0].keys] == ["gone", "alias", "host.keyword"]
    assert body.stages[0].keys[0] == unmapped
    assert body.stages[0].keys[1].field.path == "name"
    assert [key.optional for key in body.stages[2].keys] == [True, False, True]
    assert body.stages[2].predicate == Always(False)
    assert body.until is not None
    assert [key.field.name for key in body.until.keys] == ["gone", "alias", "name"]
    assert body.limits == (Pipe("head", 10), Pipe("tail", 3))
    assert pickle.loads(pickle.dumps(program)) == program


def test_the_program_of_a_sample() -> None:
    body = compiled("sample by name [process where true] [any where flag]").body
    assert isinstance(body, Sample)
    assert [[key.field.name for key in stage.keys] for stage in body.stages] == [["name"], ["name"]]


def test_a_timestamp_is_a_date_where_nothing_maps_it() -> None:
    assert compiled("any where true", Mapping.of({}), timestamp_field="when").order.timestamp.type == "date"


def test_the_queries_of_public_rules() -> None:
    if not PUBLIC.exists():
        pytest.skip("../shared is not there")
    faults = known_faults()
    files = {str(path.relative_to(PUBLIC)): path for path in sorted(PUBLIC.rglob("*.toml"))}
    rules = {name: tomllib.loads(path.read_text("utf-8"))["rule"] for name, path in files.items()}
    asked = {name: rule for name, rule in rules.items() if rule.get("language") == "eql"}
    assert len(asked) > 300
    for name, rule in asked.items():
        mapping = catalog_mapping(tuple(rule.get("index", ())))
        if "field-type" in faults.get(name, ()):
            assert refusals(parse(rule["query"], "eql"), mapping), name
        else:
            assert refusals(parse(rule["query"], "eql"), mapping) == [], name
            assert compiled(rule["query"], mapping).body


def test_long_chains_and_deep_nesting() -> None:
    terms = " or ".join(f"size == {number}" for number in range(3000))
    made = predicate(terms)
    assert isinstance(made, Or)
    assert len(made.items) == 3000
    nested = f"{'not (' * 40}size == 1{')' * 40}"
    assert predicate(nested) == predicate("size == 1")
    many = ", ".join(f'"{number}"' for number in range(3000))
    assert isinstance(predicate(f"name in ({many})"), Or)
    assert isinstance(predicate(f"length(concat({many}, name)) > 5"), Compute)


def test_a_huge_name_that_nobody_knows_is_refused_at_once() -> None:
    assert refused(f"any where {'x' * 50_000} == 1") == [(f"Unknown column [{'x' * 50_000}]", "x" * 50_000)]

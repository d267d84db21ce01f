import pytest

from detections import catalog


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("@timestamp", {"type": "date"}),
        ("message", {"type": "match_only_text"}),
        ("event.action", {"type": "keyword", "ignore_above": 1024}),
        ("event.type", {"type": "keyword", "ignore_above": 1024, "array": True}),
        ("event.original", {"type": "keyword", "index": False}),
        ("source.ip", {"type": "ip"}),
        ("data_stream.dataset", {"type": "constant_keyword"}),
        ("aws.cloudtrail.read_only", {"type": "boolean"}),
        ("aws.cloudtrail.management_event", {"type": "keyword", "ignore_above": 1024}),
        ("aws.cloudtrail.request_parameters", {"type": "keyword", "ignore_above": 8191}),
        ("aws.cloudtrail.flattened.request_parameters", {"type": "flattened"}),
        ("aws.cloudtrail.user_identity.session_context.creation_date", {"type": "date"}),
    ],
)
def test_a_field_has_its_mapping(name, spec):
    assert catalog.field_spec(name) == spec


@pytest.mark.parametrize(
    ("name", "kind", "parent"),
    [
        ("user.name.text", "match_only_text", "user.name"),
        ("aws.cloudtrail.response_elements.text", "text", "aws.cloudtrail.response_elements"),
    ],
)
def test_a_multi_field_leads_to_its_parent(name, kind, parent):
    assert catalog.field_spec(name) == {"type": kind, "path": parent}


def test_a_field_below_a_nested_object_names_it():
    assert catalog.field_spec("threat.enrichments.matched.atomic")["nested"] == "threat.enrichments"
    assert catalog.field_spec("threat.enrichments.indicator.file.elf.sections.name")["nested"] == (
        "threat.enrichments.indicator.file.elf.sections"
    )


@pytest.mark.parametrize("name", ["event", "event.actoin", "nothing.here", "", ".", "labels", "threat.enrichments"])
def test_what_is_no_field_has_no_mapping(name):
    assert catalog.field_spec(name) is None


@pytest.mark.parametrize(
    ("name", "answer"),
    [("labels", True), ("threat.enrichments", True), ("user.target", True), ("user.name", False), ("user.nam", False)],
)
def test_objects_are_told_from_fields(name, answer):
    assert catalog.is_object(name) is answer


def test_every_name_listed_is_answered_once():
    names = list(catalog.field_names())
    assert len(names) == len(set(names)) > 2600
    assert all(catalog.field_spec(name) for name in names)


def test_siblings_share_the_first_part():
    assert set(catalog.siblings("event.x")) >= {"event.action", "event.outcome"}
    assert {name.partition(".")[0] for name in catalog.siblings("event.x")} == {"event"}

import json
import zlib

import pytest

from detections import catalog
from detections.catalog import extracts
from detections.errors import UsageError


def test_every_extract_says_what_it_was_made_from():
    found = [path for folder in ("fields", "attack", "aws") for path in catalog.etc_path(folder).glob("*.json")]
    assert len(found) > 40
    for path in found:
        made_from = json.loads(path.read_text(encoding="utf-8"))["made_from"]
        assert made_from["package"] and made_from["version"] and made_from["by"], path


def test_the_extracts_stay_small():
    size = sum(path.stat().st_size for path in catalog.etc_path().rglob("*") if path.is_file())
    assert size < 2_000_000


def test_an_installation_without_them_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(extracts, "_PACKAGE", tmp_path / "site" / "packages")
    extracts.etc_path.cache_clear()
    with pytest.raises(UsageError, match="extracts of this package are missing"):
        extracts.etc_path()
    extracts.etc_path.cache_clear()


def test_in_a_wheel_they_stand_inside_the_package(monkeypatch, tmp_path):
    (tmp_path / "_etc").mkdir()
    monkeypatch.setattr(extracts, "_PACKAGE", tmp_path)
    extracts.etc_path.cache_clear()
    assert extracts.etc_path("fields/ecs.json") == tmp_path / "_etc" / "fields" / "ecs.json"
    extracts.etc_path.cache_clear()


def test_the_fields_take_little_of_a_wheel():
    packed = sum(len(zlib.compress(path.read_bytes())) for path in catalog.etc_path("fields").glob("*.json"))
    assert packed < 400_000

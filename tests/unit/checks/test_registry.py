import pytest

from detections.checks.registry import ALWAYS, PAGES, PROFILES, chosen
from detections.errors import UsageError


def test_a_check_is_named_like_its_module_and_has_a_page():
    for module in PAGES:
        name = module.__name__.rpartition(".")[2]
        assert name.replace("_", "-") == module.CODE
        first, _, rest = module.__doc__.partition("\n")
        assert first.endswith((".", "*")), module.CODE
        assert "Bad" in rest or "Nothing is wrong" in rest, module.CODE
        assert "Good" in rest or "Nothing is wrong" in rest, module.CODE


def test_a_profile_adds_to_what_always_runs():
    assert chosen(()) == ALWAYS
    assert chosen(("house", "house")) == (*ALWAYS, *PROFILES["house"])


def test_an_unknown_profile_is_wrong_usage():
    with pytest.raises(UsageError, match=r"'mansion'.*house"):
        chosen(("mansion",))

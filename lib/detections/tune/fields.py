"""The fields that exceptions ask for, in the order in which they are preferred."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from detections.errors import UsageError
from detections.mapping import UNMAPPED, Field
from detections.plan import Plan
from detections.rule import NewTermsRule, Rule, ThresholdRule

_USUAL = (
    "aws.cloudtrail.user_identity.session_context.session_issuer.arn",
    "user.name",
    "aws.cloudtrail.user_identity.arn",
    "user.email",
    "user.id",
    "process.executable",
    "process.parent.executable",
    "user_agent.original",
    "source.as.organization.name",
    "source.ip",
    "source.address",
    "host.name",
    "cloud.account.id",
)
"""Roles and principals first, which stay what they are; then programs, where it comes from, and what it is done to."""

_FAMILIES = ("keyword", "ip")


def excepted_on(rule: Rule, plan: Plan, names: Sequence[str] = ()) -> tuple[Field, ...]:
    """The fields that are ``names``; else those that the rule groups its alerts by, since only they take a whole group
    away, then the usual ones. Left out is what the rule's indices do not have, and what has no exact values.

    Raises:
        UsageError: a field that is named is none of these.
    """
    found = []
    for name in names or dict.fromkeys([*_own(rule), *_USUAL]):
        field = plan.mapping.get(name)
        if field is not None and field.type != UNMAPPED and field.family in _FAMILIES:
            found.append(field)
        elif names:
            raise UsageError(f"--field {name}: the rule's indices have no such field with exact values")
    return tuple(found)


def _own(rule: Rule) -> Iterator[str]:
    if isinstance(rule, NewTermsRule):
        yield from rule.new_terms_fields
    if isinstance(rule, ThresholdRule):
        yield from rule.threshold.get("field", ())
    yield from (rule.alert_suppression or {}).get("group_by", ())

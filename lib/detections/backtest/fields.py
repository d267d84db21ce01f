"""The fields whose values a backtest counts: what an analyst would make an exception for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from detections.mapping import UNMAPPED, Field
from detections.plan import Plan
from detections.rule import NewTermsRule, Rule, ThresholdRule

COUNTED = ("user.name", "cloud.account.id", "source.ip", "host.name")
"""Users, accounts, addresses and hosts: how many of them alerts are about."""

_USUAL = (
    "user.name",
    "user.id",
    "aws.cloudtrail.user_identity.arn",
    "aws.cloudtrail.user_identity.session_context.session_issuer.arn",
    "user_agent.original",
    "source.ip",
    "source.address",
    "source.as.organization.name",
    "cloud.account.id",
    "cloud.region",
    "host.name",
    "process.executable",
    "process.parent.executable",
    "process.command_line",
    "file.path",
    "destination.ip",
    "event.action",
)
"""Principals, roles, user agents, source networks, accounts, hosts, programs."""

_MOST = 24
"""Fields of one rule."""


def counted(rule: Rule, plan: Plan) -> tuple[Field, ...]:
    """The fields to count the values of: those that the rule itself names for it, then the usual ones. What the rule's
    indices do not have is left out."""
    found = (plan.mapping.get(name) for name in dict.fromkeys([*_own(rule), *_USUAL]))
    return tuple(islice((field for field in found if field is not None and field.type != UNMAPPED), _MOST))


def _own(rule: Rule) -> Iterator[str]:
    """What the rule groups its alerts by, and what it shows of them first."""
    if isinstance(rule, NewTermsRule):
        yield from rule.new_terms_fields
    if isinstance(rule, ThresholdRule):
        yield from rule.threshold.get("field", ())
    yield from (rule.alert_suppression or {}).get("group_by", ())
    yield from (rule.investigation_fields or {}).get("field_names", ())

"""Which ``event.category`` and ``event.type`` the Okta integration gives to which event types.

Source: the conditions of its ingest pipeline. Later versions have a table of all of Okta's event types in their place.
"""

from __future__ import annotations

_USERS = "user.lifecycle.activate user.lifecycle.deactivate user.lifecycle.suspend user.lifecycle.unsuspend"
_MEMBERS = "group.user_membership.add group.user_membership.remove"
_APPS = "application.user_membership.add application.user_membership.remove application.user_membership.change_username"
_LIMITS = "system.org.rate_limit.warning system.org.rate_limit.violation core.concurrency.org.limit.violation"
_POLICIES = (
    "policy.lifecycle.activate policy.lifecycle.deactivate policy.lifecycle.update policy.rule.activate policy.rule.add"
    " policy.rule.deactivate policy.rule.update"
)
_SESSIONS = "user.session.start user.session.end"

_CATEGORIES = (
    ("iam", f"{_MEMBERS} {_USERS} user.lifecycle.create"),
    (
        "configuration",
        f"{_POLICIES} policy.lifecycle.create policy.lifecycle.delete policy.rule.delete application.lifecycle.create"
        " application.lifecycle.delete application.lifecycle.activate application.lifecycle.deactivate"
        " application.lifecycle.update",
    ),
    ("authentication", f"{_SESSIONS} user.authentication.sso policy.evaluate_sign_on"),
    ("session", _SESSIONS),
)
_TYPES = (
    ("info", _LIMITS),
    ("network", f"{_LIMITS} security.request.blocked"),
    ("start", "user.session.start"),
    ("end", "user.session.end"),
    ("group", _MEMBERS),
    ("info", f"{_USERS} user.lifecycle.create user.authentication.sso {_SESSIONS} {_APPS}"),
    ("change", f"{_USERS} {_MEMBERS} {_POLICIES} {_APPS}"),
    ("creation", "user.lifecycle.create policy.lifecycle.create application.lifecycle.create"),
    ("deletion", "policy.lifecycle.delete application.lifecycle.delete"),
    ("info", "policy.evaluate_sign_on"),
)


def _by_event(table: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for value, names in table:
        for name in names.split():
            found.setdefault(name, []).append(value)
    return found


CATEGORIES = _by_event(_CATEGORIES)
"""Event type -> its categories."""

TYPES = _by_event(_TYPES)
"""Event type -> its types."""

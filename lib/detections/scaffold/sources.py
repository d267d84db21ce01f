"""Log sources that a rule can begin with: where their events are, and a first rule for each.

Indices are those of Elastic's integrations. ``Example`` rules are what `detections init` starts a repository with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A first rule of a source."""

    name: str
    description: str
    query: str
    technique: str
    severity: str = "medium"
    type: str = "query"


@dataclass(frozen=True, slots=True)
class Source:
    """A log source: the folder of its rules has its name, ``package`` is the integration that collects it."""

    name: str
    title: str
    package: str
    index: tuple[str, ...]
    tags: tuple[str, ...]
    example: Example


_AWS = Example(
    "AWS CloudTrail Logging Stopped",
    "Somebody stopped a trail of CloudTrail. Until it is started again nothing is recorded of what is done in the "
    "account, which is what an intruder who covers tracks wants.",
    'event.provider: "cloudtrail.amazonaws.com" and event.action: "StopLogging" and event.outcome: "success"',
    "T1562.008",
)
_OKTA = Example(
    "Okta MFA Factors of a User Reset",
    "All MFA factors of a user were reset. Whoever holds the password can enrol a factor of their own at the next "
    "sign-in; attackers talk help desks into this.",
    'event.action: "user.mfa.factor.reset_all" and event.outcome: "success"',
    "T1556.006",
)
_GITHUB = Example(
    "GitHub Branch Protection Removed",
    "The protection of a branch was removed, so that code can be pushed to it that nobody has reviewed.",
    'event.action: "protected_branch.destroy"',
    "T1562.001",
)
_ENDPOINT = Example(
    "Shell History Cleared",
    "A shell's history file was removed or emptied. People who use the machine rarely do that; intruders do, so that "
    "nobody sees what they typed.",
    'process where event.type == "start" and process.name in ("rm", "truncate", "shred") and\n'
    '  process.args : ("*/.bash_history", "*/.zsh_history")',
    "T1070.003",
    type="eql",
)
_WINDOWS = Example(
    "Shadow Copies Deleted",
    "The shadow copies of a volume were deleted. Ransomware does this before it encrypts, so that nothing can be "
    "restored.",
    'process where event.type == "start" and process.name : "vssadmin.exe" and\n'
    '  process.args : "delete" and process.args : "shadows"',
    "T1490",
    "high",
    "eql",
)
_LINUX = Example(
    "Sudoers File Changed by an Editor of Streams",
    "A process rewrote the sudoers file in place. Who may become root is decided there.",
    'process where event.type == "start" and process.name in ("sed", "tee") and\n  process.args : "/etc/sudoers*"',
    "T1548.003",
    "high",
    "eql",
)
_AZURE = Example(
    "Entra ID Conditional Access Policy Changed",
    "A conditional access policy was changed. These policies demand MFA and known devices; weakened, they let a stolen "
    "password in.",
    'azure.auditlogs.operation_name: "Update conditional access policy" and event.outcome: "success"',
    "T1556.009",
)
_O365 = Example(
    "Microsoft 365 Inbox Rule Forwards Mail",
    "An inbox rule was made that may forward mail. Intruders in a mailbox keep reading that way after the password was "
    "changed.",
    'event.provider: "Exchange" and event.action: "New-InboxRule" and event.outcome: "success"',
    "T1114.003",
)
_GCP = Example(
    "GCP Logging Sink Deleted",
    "A sink of Cloud Logging was deleted: audit logs no longer reach where they are kept and looked at.",
    'event.action: google.logging.v*.ConfigServiceV*.DeleteSink and event.outcome: "success"',
    "T1562.008",
)
_KUBERNETES = Example(
    "Kubernetes Shell in a Pod",
    "Somebody opened a session in a running container. Operators debug that way, and so does whoever stole their "
    "credentials.",
    'kubernetes.audit.verb: "create" and kubernetes.audit.objectRef.resource: "pods" and '
    'kubernetes.audit.objectRef.subresource: "exec"',
    "T1609",
)
_WORKSPACE = Example(
    "Google Workspace Two-Step Verification Disabled",
    "The two-step verification of an account was turned off: its password alone stands between the mailbox and an "
    "intruder.",
    'event.action: "2sv_disable"',
    "T1556.006",
)

_DEFEND = "Data Source: Elastic Defend"
_SOURCES = (
    Source("aws", "AWS CloudTrail", "aws", ("filebeat-*", "logs-aws.cloudtrail-*"),
           ("Domain: Cloud", "Data Source: AWS", "Data Source: Amazon Web Services"), _AWS),
    Source("okta", "Okta", "okta", ("filebeat-*", "logs-okta.system-*"),
           ("Domain: Identity", "Data Source: Okta"), _OKTA),
    Source("github", "GitHub audit log", "github", ("logs-github.audit-*",),
           ("Domain: Cloud", "Data Source: Github"), _GITHUB),
    Source("endpoint", "Elastic Defend", "endpoint", ("logs-endpoint.events.*",),
           ("Domain: Endpoint", _DEFEND), _ENDPOINT),
    Source("windows", "Windows processes", "windows",
           ("logs-endpoint.events.process-*", "logs-windows.sysmon_operational-*", "winlogbeat-*"),
           ("Domain: Endpoint", "OS: Windows", _DEFEND, "Data Source: Sysmon"), _WINDOWS),
    Source("linux", "Linux processes", "endpoint", ("logs-endpoint.events.process-*", "auditbeat-*"),
           ("Domain: Endpoint", "OS: Linux", _DEFEND, "Data Source: Auditd Manager"), _LINUX),
    Source("azure", "Microsoft Entra ID audit logs", "azure", ("filebeat-*", "logs-azure.auditlogs-*"),
           ("Domain: Cloud", "Data Source: Azure", "Data Source: Microsoft Entra ID"), _AZURE),
    Source("o365", "Microsoft 365 audit log", "o365", ("filebeat-*", "logs-o365.audit-*"),
           ("Domain: Cloud", "Data Source: Microsoft 365"), _O365),
    Source("gcp", "Google Cloud audit logs", "gcp", ("filebeat-*", "logs-gcp.audit-*"),
           ("Domain: Cloud", "Data Source: GCP", "Data Source: Google Cloud Platform"), _GCP),
    Source("kubernetes", "Kubernetes audit logs", "kubernetes", ("logs-kubernetes.audit_logs-*",),
           ("Domain: Kubernetes", "Data Source: Kubernetes"), _KUBERNETES),
    Source("google_workspace", "Google Workspace", "google_workspace", ("filebeat-*", "logs-google_workspace.*"),
           ("Domain: Cloud", "Data Source: Google Workspace"), _WORKSPACE),
)  # fmt: skip

SOURCES: Mapping[str, Source] = {source.name: source for source in _SOURCES}
"""All of them, by name."""

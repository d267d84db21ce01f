"""Which ``event.category`` and ``event.type`` the CloudTrail pipeline gives to which event names.

Every other name has no category and the type ``info``.
Source: the table in Elastic's ``aws.cloudtrail`` ingest pipeline, 2026.
"""

from __future__ import annotations

_TABLE: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("api", ("info",), "Converse DescribeRegions Publish"),
    ("authentication", ("info",), "AssumeRole ConsoleLogin GetCallerIdentity"),
    ("configuration", ("change",), "Subscribe"),
    ("configuration", ("creation",), "CreateTopic"),
    ("configuration", ("deletion",), "DeleteTrail"),
    ("configuration", ("info",), "DescribeTrails"),
    ("database", ("info",), "DescribeDBInstances ListTables"),
    ("file", ("change",), "PutObject"),
    ("file", ("creation",), "CreateBucket CreateDocument"),
    ("file", ("deletion",), "DeleteBucket DeleteObject"),
    ("file", ("info",), "GetObject HeadObject ListBuckets ListObjects"),
    ("host", ("info",), "DescribeInstances DescribeVolumes ListInstanceAssociations"),
    (
        "iam",
        ("admin", "change"),
        "SetDefaultPolicyVersion SetSecurityTokenServicePreferences UpdateAccountPasswordPolicy UpdateRole",
    ),
    ("iam", ("admin", "creation"), "CreateKeyPair"),
    ("iam", ("change",), "AttachRolePolicy"),
    ("iam", ("creation",), "CreatePolicy"),
    (
        "iam",
        ("group", "change"),
        "AddUserToGroup AttachGroupPolicy DeleteGroupPolicy DetachGroupPolicy PutGroupPolicy RemoveUserFromGroup"
        " UpdateGroup",
    ),
    ("iam", ("group", "creation"), "CreateGroup"),
    ("iam", ("group", "deletion"), "DeleteGroup"),
    (
        "iam",
        ("group", "info"),
        "GetGroup GetGroupPolicy ListAttachedGroupPolicies ListGroupPolicies ListGroups ListGroupsForUser",
    ),
    ("iam", ("info",), "GetPolicy ListAttachedRolePolicies ListRoles"),
    (
        "iam",
        ("user", "change"),
        "AttachUserPolicy ChangePassword CreateAccessKey CreateVirtualMFADevice DeactivateMFADevice DeleteAccessKey"
        " DeleteSSHPublicKey DeleteUserPermissionsBoundary DeleteUserPolicy DeleteVirtualMFADevice DetachUserPolicy"
        " EnableMFADevice PutUserPermissionsBoundary PutUserPolicy TagUser UntagUser UpdateAccessKey"
        " UpdateLoginProfile UpdateSSHPublicKey UpdateUser",
    ),
    ("iam", ("user", "creation"), "CreateUser"),
    ("iam", ("user", "deletion"), "DeleteUser"),
    (
        "iam",
        ("user", "info"),
        "GetUser GetUserPolicy ListAttachedUserPolicies ListUserPolicies ListUserTags ListUsers",
    ),
    ("network", ("access",), "AuthorizeSecurityGroupIngress"),
    (
        "network",
        ("info",),
        "DescribeLoadBalancers DescribeNetworkAcls DescribeNetworkInterfaces DescribeSecurityGroups DescribeVpcs",
    ),
    ("package", ("info",), "ListFunctions"),
    ("process", ("start",), "SendCommand"),
    ("session", ("end",), "TerminateSession"),
    ("session", ("start",), "CreateControlChannel CreateDataChannel OpenControlChannel OpenDataChannel StartSession"),
)

CATEGORIES = {name: (category, types) for category, types, names in _TABLE for name in names.split()}
"""Event name -> its category and its types."""

import json
import re
from pathlib import Path

import pytest

from detections.catalog import aws


@pytest.mark.parametrize(
    ("provider", "action"),
    [
        ("ec2.amazonaws.com", "CreateNetworkAclEntry"),
        ("ecr.amazonaws.com", "PutImage"),
        ("elasticfilesystem.amazonaws.com", "DeleteFileSystem"),
        ("account.amazonaws.com", "EnableRegion"),
        ("monitoring.amazonaws.com", "PutMetricAlarm"),
        ("signin.amazonaws.com", "ConsoleLogin"),
        ("signin.amazonaws.com", "SwitchRole"),
        ("ec2.amazonaws.com", "SharedSnapshotVolumeCreated"),
        ("elasticfilesystem.amazonaws.com", "NewClientConnection"),
        ("ecr.amazonaws.com", "PolicyExecutionEvent"),
        ("lambda.amazonaws.com", "AddPermission20150331v2"),
        ("lambda.amazonaws.com", "CreateFunction20150331"),
        ("cloudfront.amazonaws.com", "UpdateDistribution2020_05_31"),
    ],
)
def test_what_cloudtrail_records_is_known(provider, action):
    assert aws.is_operation(provider, action)


@pytest.mark.parametrize(
    ("provider", "action"),
    [
        ("ec2.amazonaws.com", "createroute"),
        ("ec2.amazonaws.com", "CreateRoute20150331"),
        ("elasticache.amazonaws.com", "AuthorizeCacheSecurityGroupEgress"),
        ("fsx.amazonaws.com", "DeleteMountTarget"),
        ("ec3.amazonaws.com", "CreateRoute"),
        ("ec2", "CreateRoute "),
    ],
)
def test_what_no_service_writes_is_not(provider, action):
    assert not aws.is_operation(provider, action)


@pytest.mark.parametrize(
    ("provider", "action", "meant"),
    [
        ("elasticache.amazonaws.com", "Create Cache Security Group", "CreateCacheSecurityGroup"),
        ("ec2.amazonaws.com", "createroute", "CreateRoute"),
        ("ec2.amazonaws.com", "DeleteRotueTable", "DeleteRouteTable"),
        ("ec2.amazonaws.com", "Frobnicate", None),
    ],
)
def test_a_slip_is_recognised(provider, action, meant):
    assert aws.closest(action, aws.events(provider)) == meant


def test_providers_are_event_sources():
    assert {"ec2.amazonaws.com", "signin.amazonaws.com", "sso-directory.amazonaws.com"} <= aws.providers()
    assert aws.suggest_provider("ec2") == aws.suggest_provider("ec2.amazon.com") == "ec2.amazonaws.com"
    assert aws.suggest_provider("elasticfilesytem.amazonaws.com") == "elasticfilesystem.amazonaws.com"
    assert aws.suggest_provider("gitea.example.org") is None


def test_the_same_name_in_other_services():
    assert aws.providers_of("DeleteMountTarget") == ["elasticfilesystem.amazonaws.com", "s3files.amazonaws.com"]


CAPTURES = Path(__file__).parents[4] / "shared" / "data" / "cloudtrail" / "stratus-red-team"
NAMES = re.compile(r'"eventName":\s*("[^"]+"),.{0,400}?"eventSource":\s*("[^"]+")', re.DOTALL)


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="../shared is not there")
def test_what_real_trails_hold_is_known():
    text = "".join(path.read_text(encoding="utf-8") for path in CAPTURES.rglob("*.json"))
    seen = {(json.loads(source), json.loads(name)) for name, source in NAMES.findall(text)}
    assert len(seen) > 50
    assert [pair for pair in sorted(seen) if not aws.is_operation(*pair)] == []

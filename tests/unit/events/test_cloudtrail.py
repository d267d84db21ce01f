import copy
import json
from typing import Any

import pytest

from detections.events.sources import CLOUDTRAIL

to_ecs = CLOUDTRAIL.to_ecs

RECORD: dict[str, Any] = {
    "eventVersion": "1.09",
    "userIdentity": {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLE",
        "arn": "arn:aws:iam::111111111111:user/mira",
        "accountId": "111111111111",
        "accessKeyId": "AKIAEXAMPLE",
        "userName": "mira",
    },
    "eventTime": "2026-03-02T09:15:01Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "ModifySnapshotAttribute",
    "awsRegion": "eu-west-1",
    "sourceIPAddress": "198.51.100.7",
    "userAgent": "aws-cli/2.31.0",
    "requestParameters": {
        "createVolumePermission": {"add": {"items": [{"userId": "222222222222"}]}},
        "snapshotId": "snap-1",
        "attributeType": "CREATE_VOLUME_PERMISSION",
    },
    "responseElements": {"_return": True},
    "requestID": "r-1",
    "eventID": "e-1",
    "readOnly": False,
    "eventType": "AwsApiCall",
    "managementEvent": True,
    "recipientAccountId": "333333333333",
    "eventCategory": "Management",
    "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": "h"},
}


def record(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(RECORD), **changes}


def at(document: dict[str, Any], path: str) -> Any:
    value: Any = document
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def refused(raw: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    fields: list[str] = []
    return to_ecs(raw, refuse=lambda field, _: fields.append(field)), fields


def test_a_whole_record() -> None:
    assert to_ecs(RECORD) == {
        "@timestamp": "2026-03-02T09:15:01.000Z",
        "aws": {
            "cloudtrail": {
                "event_version": "1.09",
                "event_category": "Management",
                "event_type": "AwsApiCall",
                "management_event": "true",
                "read_only": False,
                "recipient_account_id": "333333333333",
                "request_id": "r-1",
                "request_parameters": "{snapshotId=snap-1, attributeType=CREATE_VOLUME_PERMISSION, "
                "createVolumePermission={add={items=[{userId=222222222222}]}}}",
                "response_elements": "{_return=true}",
                "flattened": {
                    "request_parameters": RECORD["requestParameters"],
                    "response_elements": {"_return": True},
                },
                "user_identity": {
                    "type": "IAMUser",
                    "arn": "arn:aws:iam::111111111111:user/mira",
                    "access_key_id": "AKIAEXAMPLE",
                },
            }
        },
        "cloud": {
            "account": {"id": "111111111111"},
            "provider": "aws",
            "region": "eu-west-1",
            "service": {"name": "ec2"},
        },
        "data_stream": {"type": "logs", "dataset": "aws.cloudtrail", "namespace": "default"},
        "ecs": {"version": "8.11.0"},
        "event": {
            "action": "ModifySnapshotAttribute",
            "created": "2026-03-02T09:15:01.000Z",
            "dataset": "aws.cloudtrail",
            "id": "e-1",
            "ingested": "2026-03-02T09:15:01.000Z",
            "kind": "event",
            "module": "aws",
            "outcome": "success",
            "provider": "ec2.amazonaws.com",
            "type": ["info"],
        },
        "related": {"ip": ["198.51.100.7"], "user": ["AIDAEXAMPLE", "mira"]},
        "source": {"address": "198.51.100.7", "ip": "198.51.100.7"},
        "tls": {
            "cipher": "TLS_AES_128_GCM_SHA256",
            "client": {"server_name": "h"},
            "version": "1.3",
            "version_protocol": "tls",
        },
        "user": {"id": "AIDAEXAMPLE", "name": "mira"},
        "user_agent": {
            "original": "aws-cli/2.31.0",
            "name": "aws-cli",
            "version": "2.31.0",
            "device": {"name": "Other"},
        },
    }


def test_the_record_is_not_changed() -> None:
    raw = record(eventName="UserAuthentication", userIdentity={}, additionalEventData={"UserName": "mira", "x": 1})
    before = copy.deepcopy(raw)
    document = to_ecs(raw)
    assert raw == before
    assert at(document, "user.name") == "mira"
    assert at(document, "aws.cloudtrail.additional_eventdata") == "{x=1}"


@pytest.mark.parametrize(
    ("identity", "name", "user_id", "account"),
    [
        ({"type": "Root", "principalId": "1", "accountId": "1", "arn": "arn:aws:iam::1:root"}, None, "1", "1"),
        ({"type": "AWSService", "invokedBy": "backup.amazonaws.com"}, None, None, "333333333333"),
        (
            {
                "type": "AssumedRole",
                "principalId": "AROA:s",
                "arn": "arn:aws:sts::1:assumed-role/deploy/s",
                "accountId": "1",
                "sessionContext": {"sessionIssuer": {"userName": "deploy"}},
            },
            "deploy", "AROA:s", "1",
        ),
        (
            {"type": "IAMUser", "userName": "a", "sessionContext": {"sessionIssuer": {"userName": "b"}}},
            "a", None, "333333333333",
        ),
        ({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-1"}, "accountId": "1"}, None, "u-1", "1"),
        ({"type": "IAMUser", "userName": "-", "accountId": ""}, None, None, "333333333333"),
    ],
)  # fmt: skip
def test_identities(identity: dict[str, Any], name: str | None, user_id: str | None, account: str) -> None:
    document = to_ecs(record(userIdentity=identity))
    assert at(document, "user.name") == name
    assert at(document, "user.id") == user_id
    assert at(document, "cloud.account.id") == account


def test_a_session_named_by_a_mail_address_is_related() -> None:
    identity = {
        "type": "AssumedRole",
        "principalId": "AROA:mira@example.com",
        "arn": "arn:aws:sts::1:assumed-role/AWSReservedSSO_Audit_1/mira@example.com",
        "sessionContext": {
            "attributes": {"mfaAuthenticated": "true", "creationDate": "2026-03-02T08:00:00Z"},
            "sessionIssuer": {"type": "Role", "principalId": "AROA", "arn": "a", "accountId": "1", "userName": "R"},
        },
    }
    document = to_ecs(record(userIdentity=identity))
    assert at(document, "related.user") == ["mira@example.com", "mira", "AROA:mira@example.com", "R"]
    assert at(document, "user.email") == "mira@example.com"
    assert at(document, "aws.cloudtrail.user_identity.session_context") == {
        "mfa_authenticated": "true",
        "creation_date": "2026-03-02T08:00:00.000Z",
        "session_issuer": {"type": "Role", "principal_id": "AROA", "arn": "a", "account_id": "1"},
    }


def test_users_and_groups_in_the_parameters() -> None:
    document = to_ecs(
        record(
            eventName="UpdateUser",
            requestParameters={"userName": "old", "newUserName": "new", "groupName": "g"},
            responseElements={"user": {"userId": "AIDA2"}, "group": {"groupId": "AGPA"}},
        )
    )
    assert document["group"] == {"name": "g", "id": "AGPA"}
    assert at(document, "user.target") == {"name": "old", "id": "AIDA2"}
    assert at(document, "user.changes.name") == "new"
    assert at(document, "related.user") == ["old", "new", "AIDA2", "AIDAEXAMPLE", "mira"]


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "success"),
        ({"errorCode": "Client.DryRunOperation"}, "failure"),
        ({"errorMessage": "Failed authentication"}, "failure"),
        ({"errorCode": "", "errorMessage": None}, "success"),
        ({"eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Failure"}}, "failure"),
        ({"eventName": "ConsoleLogin", "errorCode": "x", "responseElements": {"ConsoleLogin": "Success"}}, "success"),
        ({"responseElements": {"ConsoleLogin": "Failure"}}, "success"),
    ],
)
def test_outcomes(changes: dict[str, Any], outcome: str) -> None:
    assert at(to_ecs(record(**changes)), "event.outcome") == outcome


@pytest.mark.parametrize(
    ("action", "category", "types"),
    [
        ("AuthorizeSecurityGroupIngress", ["network"], ["access"]),
        ("AuthorizeSecurityGroupEgress", None, ["info"]),
        ("AttachRolePolicy", ["iam"], ["change"]),
        ("CreateUser", ["iam"], ["user", "creation"]),
        ("SendCommand", ["process"], ["start"]),
        ("Converse", ["api"], ["info"]),
        ("DeleteObject", ["file"], ["deletion"]),
    ],
)
def test_categories(action: str, category: list[str] | None, types: list[str] | None) -> None:
    event = to_ecs(record(eventName=action))["event"]
    assert (event.get("category"), event.get("type")) == (category, types)


def test_a_console_login() -> None:
    extra = {"MobileVersion": "No", "MFAUsed": "Yes", "LoginTo": "https://console.aws.amazon.com/"}
    document = to_ecs(record(eventName="ConsoleLogin", additionalEventData=extra))
    assert at(document, "aws.cloudtrail.console_login.additional_eventdata") == {
        "mobile_version": False,
        "mfa_used": True,
        "login_to": "https://console.aws.amazon.com/",
    }


@pytest.mark.parametrize(
    ("address", "ip", "refusals"),
    [
        ("198.51.100.7", "198.51.100.7", []),
        ("2001:db8::1", "2001:db8::1", []),
        ("AWS Internal", None, []),
        ("ec2-frontend.amazonaws.com", None, []),
        ("201.252.42.03", None, ["source.ip"]),
        ("301.1.1.1", None, ["source.ip"]),
        ("-", None, []),
    ],
)
def test_addresses(address: str, ip: str | None, refusals: list[str]) -> None:
    document, fields = refused(record(sourceIPAddress=address))
    assert at(document, "source.ip") == ip
    assert at(document, "source.address") == (None if address == "-" else address)
    assert fields == refusals


def test_parameters_are_pruned_before_they_are_printed() -> None:
    empty = to_ecs(record(requestParameters={"EnableSerialConsoleAccessRequest": ""}))
    assert at(empty, "aws.cloudtrail.request_parameters") is None
    assert at(empty, "aws.cloudtrail.flattened.request_parameters") is None
    some = to_ecs(record(requestParameters={"group": "none", "ports": [{}, None], "egress": False, "port": 0}))
    assert at(some, "aws.cloudtrail.request_parameters") == "{port=0, egress=false}"


def test_flattened_ends_where_its_text_is_32766_units_long() -> None:
    room = 32_766 - len("{a=}")
    assert (
        at(
            to_ecs(record(requestParameters={"a": "x" * room})),
            "aws.cloudtrail.flattened.request_parameters",
        )
        is None
    )
    short = to_ecs(record(requestParameters={"a": "x" * (room - 1)}))
    assert at(short, "aws.cloudtrail.flattened.request_parameters.a") == "x" * (room - 1)
    wide = record(requestParameters={"a": "🔑" * (room // 2 + 1)})
    assert at(to_ecs(wide), "aws.cloudtrail.flattened.request_parameters") is None
    assert len(at(to_ecs(wide), "aws.cloudtrail.request_parameters")) < 32_766


def test_what_each_setting_retains() -> None:
    raw = record(
        requestParameters={"policyArn": "p", "attribute": "userData"},
        responseElements={"x": 1},
        additionalEventData={"SSEApplied": "s", "y": 2},
        serviceEventDetails={"z": 3},
        insightDetails={"state": "Start"},
    )
    strings = ("request_parameters", "response_elements", "additional_eventdata", "service_event_details")

    def kept(retain: Any) -> tuple[list[str], Any]:
        made = to_ecs(raw, {"retain": retain})["aws"]["cloudtrail"]
        return [name for name in strings if name in made], made.get("flattened")

    everything = {
        "request_parameters": {"policyArn": "p", "attribute": "userData"},
        "response_elements": {"x": 1},
        "additional_eventdata": {"SSEApplied": "s", "y": 2},
        "service_event_details": {"z": 3},
        "insight_details": {"state": "Start"},
    }
    assert kept("all") == (list(strings), everything)
    insight = {"insight_details": {"state": "Start"}}
    assert kept("flattened") == ([], everything)
    assert kept("keyword") == (list(strings), insight)
    minimal = {"request_parameters": {"policyArn": "p"}, "additional_eventdata": {"SSEApplied": "s"}, **insight}
    assert kept("minimal") == (list(strings), minimal)
    assert kept("none") == ([], insight)


def test_each_resource_stands_once_in_the_order_of_java() -> None:
    one = {"ARN": "arn:aws:s3:::bucket-a/key", "type": "AWS::S3::Object"}
    two = {"accountId": "1", "ARN": "arn:aws:s3:::bucket-a", "type": "AWS::S3::Bucket"}
    document = to_ecs(record(resources=[one, two, dict(one), "no object"]))
    assert sorted(at(document, "aws.cloudtrail.resources"), key=lambda item: item["arn"]) == [
        {"account_id": "1", "arn": "arn:aws:s3:::bucket-a", "type": "AWS::S3::Bucket"},
        {"arn": "arn:aws:s3:::bucket-a/key", "type": "AWS::S3::Object"},
    ]


LATER = {"aws": "8"}
SERVICE_ROLE = {
    "type": "AssumedRole",
    "principalId": "AROA:elb",
    "arn": "arn:aws:sts::1:assumed-role/AWSServiceRoleForElasticLoadBalancing/elb",
    "sessionContext": {
        "sessionIssuer": {
            "userName": "AWSServiceRoleForElasticLoadBalancing",
            "arn": "arn:aws:iam::1:role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElastic",
        }
    },
}


@pytest.mark.parametrize(
    ("identity", "service"),
    [
        ({"type": "AWSService", "invokedBy": "backup.amazonaws.com"}, "backup.amazonaws.com"),
        ({"type": "AWSService"}, None),
        (SERVICE_ROLE, "elasticloadbalancing.amazonaws.com"),
        ({**SERVICE_ROLE, "invokedBy": "x.amazonaws.com"}, "x.amazonaws.com"),
        ({**SERVICE_ROLE, "type": "FederatedUser"}, None),
        ({"type": "IAMUser", "userName": "mira", "invokedBy": "signin.amazonaws.com"}, None),
    ],
)
def test_services_are_users_in_version_6_only(identity: dict[str, Any], service: str | None) -> None:
    before, later = to_ecs(record(userIdentity=identity)), to_ecs(record(userIdentity=identity), LATER)
    assert at(later, "service.name") == service
    assert at(before, "service.name") is None
    assert "user" not in later if service else at(later, "user") == at(before, "user")


def test_what_version_8_keeps_besides() -> None:
    raw = record(
        userIdentity={
            "type": "AssumedRole",
            "credentialId": "c",
            "onBehalfOf": {"userId": "u", "identityStoreArn": "s"},
            "sessionContext": {
                "ec2RoleDelivery": "2.0",
                "sourceIdentity": "mira",
                "webIdFederationData": {"federatedProvider": "p", "attributes": {"app": "x"}},
            },
        },
        sharedEventID="shared",
        addendum={"reason": "DELIVERY_DELAY", "updatedFields": "eventID"},
        sourceIPAddress="bastion.example.com",
        serviceEventDetails={"sourceIpAddress": "203.0.113.9"},
        resources=[{"ARN": "arn:aws:ec2:eu-west-1:1:instance/i-0123456789abcdef0"}],
        requestParameters={"instanceId": "i-0123456789abcdef1", "instancesSet": {"items": [{"instanceId": "i-1"}]}},
        responseElements={"instanceIds": ["i-0123456789abcdef1", 7]},
    )
    before, later = to_ecs(raw), to_ecs(raw, LATER)
    added = {
        "aws.cloudtrail.shared_event_id": "shared",
        "aws.cloudtrail.addendum": {"reason": "DELIVERY_DELAY", "updated_fields": "eventID"},
        "aws.cloudtrail.user_identity.credential_id": "c",
        "aws.cloudtrail.user_identity.on_behalf_of": {"user_id": "u", "identity_store_arn": "s"},
        "aws.cloudtrail.user_identity.session_context": {
            "ec2_role_delivery": "2.0",
            "source_identity": "mira",
            "web_id_federation_data": {"federated_provider": "p", "attributes": {"app": "x"}},
        },
        "related.hosts": ["h", "bastion.example.com", "i-0123456789abcdef0", "i-0123456789abcdef1"],
        "related.ip": ["203.0.113.9"],
        "related.user": ["u"],
    }
    assert {path: at(later, path) for path in added} == added
    assert {path: at(before, path) for path in added} == dict.fromkeys(added)


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-iso"])
def test_sessions_of_every_partition(partition: str) -> None:
    identity = {"type": "AssumedRole", "arn": f"arn:{partition}:sts::1:assumed-role/r/mira@example.com"}
    assert at(to_ecs(record(userIdentity=identity)), "user.email") == "mira@example.com"


def test_a_service_is_named_where_it_is_one_of_aws() -> None:
    assert at(to_ecs(record(eventSource="ec2.amazonaws.com")), "cloud.service.name") == "ec2"
    assert at(to_ecs(record(eventSource="partner.example.com")), "cloud.service.name") is None


def test_a_session_may_have_begun_at_a_time_without_separators() -> None:
    identity = {"sessionContext": {"attributes": {"creationDate": "20260302T080000Z"}}}
    session = at(to_ecs(record(userIdentity=identity)), "aws.cloudtrail.user_identity.session_context")
    assert session == {"creation_date": "2026-03-02T08:00:00.000Z"}


def test_details_of_tls_that_are_a_header_are_none() -> None:
    made = to_ecs(record(tlsDetails={"tlsVersion": "tlsVersion", "cipherSuite": "cipherSuite"}))
    assert "tls" not in made


def test_shared_event_ids_are_lost_as_in_the_pipeline_of_version_6() -> None:
    document = to_ecs(record(sharedEventID="s-1"))
    assert "s-1" not in json.dumps(document)
    assert at(to_ecs(record(sharedEventId="s-1")), "aws.cloudtrail.shared_event_id") == "s-1"


@pytest.mark.parametrize(
    ("changes", "refusals"),
    [
        ({"eventTime": "yesterday"}, ["@timestamp"]),
        ({"eventTime": 1772442901000}, ["@timestamp"]),
        ({"eventTime": "20260302T091501Z"}, ["@timestamp"]),
        ({"userIdentity": None}, []),
        ({"userIdentity": "root"}, []),
        ({"userIdentity": {"type": {"a": 1}}}, ["aws.cloudtrail.user_identity.type"]),
        ({"requestParameters": "text"}, ["aws.cloudtrail.flattened.request_parameters"]),
        ({"requestParameters": ["a"]}, ["aws.cloudtrail.flattened.request_parameters"]),
        ({"readOnly": "true"}, []),
        ({"readOnly": "perhaps"}, ["aws.cloudtrail.read_only"]),
        ({"readOnly": 1}, ["aws.cloudtrail.read_only"]),
        ({"resources": "all"}, ["aws.cloudtrail.resources"]),
        ({"errorCode": {"code": 1}}, ["aws.cloudtrail.error_code"]),
        ({"eventName": {"a": ["b"]}, "eventSource": 7, "tlsDetails": [], "sourceIPAddress": 5}, []),
        ({"eventName": "ConsoleLogin", "responseElements": "x", "additionalEventData": 3},
         ["aws.cloudtrail.flattened.response_elements", "aws.cloudtrail.flattened.additional_eventdata"]),
    ],
)  # fmt: skip
def test_what_a_type_refuses_is_left_out_and_told(changes: dict[str, Any], refusals: list[str]) -> None:
    document, fields = refused(record(**changes))
    assert fields == refusals
    assert all(at(document, field) is None for field in refusals)


def test_a_text_where_an_object_should_be_is_still_a_text() -> None:
    assert at(to_ecs(record(requestParameters="text")), "aws.cloudtrail.request_parameters") == "text"


def test_depth_is_bounded() -> None:
    deep: Any = "leaf"
    for _ in range(10_000):
        deep = {"k": deep}
    document, fields = refused(record(requestParameters=deep))
    assert fields == ["requestParameters"]
    assert at(document, "event.action") == "ModifySnapshotAttribute"
    objects: Any = "leaf"
    for _ in range(21):
        objects = {"items": [objects]}
    document, fields = refused(record(requestParameters=objects))
    assert fields == ["aws.cloudtrail.flattened.request_parameters"]
    assert at(document, "aws.cloudtrail.request_parameters").startswith("{items=[{items=[")
    document, fields = refused(record(requestParameters=objects["items"][0]))
    assert fields == []


def test_an_empty_record() -> None:
    assert to_ecs({})["event"] == {
        "kind": "event",
        "module": "aws",
        "dataset": "aws.cloudtrail",
        "outcome": "success",
        "type": ["info"],
    }

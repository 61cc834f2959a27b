"""Creates topics, and access control lists that say who may do what with them."""

import time
from collections.abc import Sequence
from contextlib import closing

import structlog
from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import KafkaError, NoError, SecurityDisabledError

from app.protocol.principals import Right, rights
from lanes import KafkaSettings, Topic
from lanes.kafka.connect import make_admin
from lanes.kafka.topics import REQUEST_TIMEOUT_MS, create_topics

log = structlog.get_logger()

ANY_HOST = "*"
POLL_S = 0.1


def create_topics_with_rights(
    kafka: KafkaSettings, topics: tuple[Topic, ...], *, wait_s: float
) -> None:
    """Create the topics that are missing; with authentication, grant the rights to use them.

    Raise as `create_topics`.
    """
    create_topics(kafka, topics, wait_s=wait_s)
    if kafka.security_protocol.startswith("SASL"):
        with closing(make_admin(kafka, timeout_ms=REQUEST_TIMEOUT_MS)) as admin:
            grant(admin, rights(topics), wait_s=wait_s)


def grant(admin: KafkaAdminClient, rights: Sequence[Right], *, wait_s: float) -> None:
    """Grant the rights that are missing, and wait until the broker knows them.

    Warn when the cluster checks no rights: then every user with a password may do anything. Raise
    KafkaError.
    """
    wanted = [_acl(right) for right in rights]
    deadline = time.monotonic() + wait_s
    try:
        missing = _missing(admin, wanted)
    except SecurityDisabledError:
        log.warning("kafka_has_no_rights", help="authorizer.class.name: docs/security.md")
        return
    if missing:
        failed = admin.create_acls(missing)["failed"]
        if failed:
            raise failed[0](f"{len(failed)} rights were refused")
    while _missing(admin, wanted):
        if time.monotonic() > deadline:
            raise KafkaError("the broker does not know who may do what yet")
        time.sleep(POLL_S)


def _missing(admin: KafkaAdminClient, wanted: Sequence[ACL]) -> list[ACL]:
    anything = ACLFilter(
        principal=None,
        host=None,
        operation=ACLOperation.ANY,
        permission_type=ACLPermissionType.ANY,
        resource_pattern=ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
    )
    found, error = admin.describe_acls(anything)
    if error is not NoError:
        raise error
    present = set(found)
    return [acl for acl in wanted if acl not in present]


def _acl(right: Right) -> ACL:
    return ACL(
        principal=f"User:{right.user}",
        host=ANY_HOST,
        operation=ACLOperation[right.operation],
        permission_type=ACLPermissionType.ALLOW,
        resource_pattern=ResourcePattern(ResourceType[right.kind], right.name),
    )

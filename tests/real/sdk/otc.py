"""
The OpenStack SDK with its extensions: calls in, results out, as JSON lines.

Run by an interpreter that has `otcextensions`.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

import openstack
from openstack.exceptions import SDKException
from otcextensions import sdk


def connection(*, endpoint: str, **user: str) -> Any:
    """Give a connection that will log in at *endpoint* with a password."""
    account = {"user_domain_name": "sandbox", "project_domain_name": "sandbox"}
    made = openstack.connection.Connection(
        auth={"auth_url": f"{endpoint}/v3", "project_name": "cn-north-4"}
        | account
        | user,
        region_name="cn-north-4",
        interface="public",
    )
    sdk.register_otc_extensions(made)
    return made


def call(settings: dict[str, str], name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Call *name* of the proxy for SWR; `*` among *given* are positional."""
    where = given.pop("*", [])
    try:
        found = getattr(connection(**settings).swr, name)(*where, **given)
        if isinstance(found, Iterator):
            return {"items": [each.to_dict() for each in found]}
        return {} if found is None else dict(found.to_dict())
    except SDKException as error:
        status = getattr(error, "status_code", None)
        return {"raised": type(error).__name__, "status_code": status} | {
            "text": str(error)
        }


for line in sys.stdin:
    sys.stdout.write(json.dumps(call(**json.loads(line)), default=str) + "\n")
    sys.stdout.flush()

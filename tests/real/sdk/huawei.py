"""
The vendor's SDK: calls in, results out, as JSON lines; and its signatures.

Run by an interpreter that has `huaweicloudsdkswr`.
"""

import json
import sys
from typing import Any

import huaweicloudsdkswr.v2 as swr
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import SdkException
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer


def client(
    *,
    endpoint: str,
    access_key: str,
    secret_key: str,
    project_id: str | None = None,
    security_token: str | None = None,
) -> swr.SwrClient:
    """Give a client; without a project it asks IAM, which is where SWR is."""
    config = HttpConfig.get_default_config()
    config.timeout = (5, 20)
    who = BasicCredentials(access_key, secret_key, project_id)
    who = who.with_security_token(security_token).with_iam_endpoint(endpoint)
    return (
        swr.SwrClient.new_builder()
        .with_http_config(config)
        .with_credentials(who)
        .with_region(Region("cn-north-4", endpoint))
        .build()
    )


def call(settings: dict[str, Any], name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Call the operation *name*, whose request takes what is *given*."""
    request = getattr(swr, "".join(map(str.title, name.split("_"))) + "Request")
    if "body" in given:
        body = getattr(swr, request.openapi_types["body"])
        given = given | {"body": body(**given["body"])}
    try:
        answer = getattr(client(**settings), name)(request(**given))
    except SdkException as error:
        return {"raised": type(error).__name__, "text": str(error)} | {
            key: getattr(error, key, None)
            for key in ("status_code", "error_code", "error_msg", "request_id")
        }
    return {"status_code": answer.status_code, **answer.to_dict()}


def sign(asked: dict[str, Any]) -> dict[str, Any]:
    """Sign a request; give the `Authorization` header, and path and query as sent."""
    request = SdkRequest(
        method=asked["method"],
        schema="https",
        host=asked["host"],
        resource_path=asked["path"],
        query_params=[tuple(pair) for pair in asked["query"]],
        header_params=asked["headers"] | {"X-Sdk-Date": asked["date"]},
        body=asked["body"],
    )
    made = Signer(BasicCredentials(asked["access_key"], asked["secret_key"]))
    signed = made.sign(request)
    return {
        "authorization": signed.header_params["Authorization"],
        "target": signed.uri,
    }


for line in sys.stdin:
    found = json.loads(line)
    answer = sign(found["sign"]) if "sign" in found else call(**found)
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()

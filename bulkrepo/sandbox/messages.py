"""
Pure. A request as the sandbox sees it, an answer, and the shapes of its errors.

SWR's own errors have the body that the service sends today, with the code three
times over; the gateway in front of it and IAM each have their own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

JSON: Final = "application/json"
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    One request, read in full.

    *path* and *raw_query* are as they were sent, percent signs and all. *now* is epoch
    seconds.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    now: float
    url: str = ""
    raw_query: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent back; *commit* is the repository which this request created."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    commit: tuple[str, str] | None = None


class RefusedError(Exception):
    """A request that is not carried out; *answer* says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body.decode())
        self.answer = answer


# Descriptions from the API reference, appendix Error Codes.
_SWR: Final = {
    "SVCSTG.SWR.4000014": "Invalid API parameters.",
    "SVCSTG.SWR.4000097": "The maximum number of organizations has been exceeded.",
    "SVCSTG.SWR.4000098": "The maximum number of images has been exceeded.",
    "SVCSTG.SWR.4001009": "is_public must be set to true or false.",
    "SVCSTG.SWR.4001014": "Mandatory parameters must be configured.",
    "SVCSTG.SWR.4001018": "Invalid request body type.",
    "SVCSTG.SWR.4001028": "Invalid organization name.",
    "SVCSTG.SWR.4001029": "Invalid image name.",
    "SVCSTG.SWR.4001035": "Invalid filtering criteria.",
    "SVCSTG.SWR.4001072": "Web Bad request error: param offset error",
    "SVCSTG.SWR.4001096": "Invalid order column.",
    "SVCSTG.SWR.4010000": "Authentication failed. The token may have expired.",
    "SVCSTG.SWR.4031032": "The number of requests exceeds the maximum number allowed.",
    "SVCSTG.SWR.4037017": "No permission to operate the organization.",
    "SVCSTG.SWR.4040010": "The image was not found.",
    "SVCSTG.SWR.4040058": "Namespace does not exists",  # the service's own spelling
    "SVCSTG.SWR.4060012": "The image repository cannot be deleted: it has images.",
    "SVCSTG.SWR.4060074": "The organization cannot be deleted: it has images.",
    "SVCSTG.SWR.4090006": "The image already exists.",
    "SVCSTG.SWR.4090023": "The system is busy.",
    "SVCSTG.SWR.4090060": "The organization already exists.",
    "SVCSTG.SWR.4131012": "The description exceeds the maximum length allowed.",
    "SVCSTG.SWR.5000046": "Internal server error: Create failed.",
}

_GATEWAY: Final = {
    "APIGW.0101": (
        404,
        "The API does not exist or has not been published in the environment",
    ),
    "APIGW.0201": (413, "Request entity too large"),
    "APIGW.0301": (401, "Incorrect IAM authentication information"),
    "APIGW.0307": (401, "The token must be updated"),
    "APIGW.0308": (429, "The throttling threshold has been reached"),
    "APIGW.0310": (403, "The project is unavailable"),
}


def encoded(value: object) -> bytes:
    """Give JSON as the service writes it: compact, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def refusal(
    number: int,
    detail: str = "",
    *,
    addition: str = "",
    headers: Mapping[str, str] = _NO_HEADERS,
) -> Answer:
    """Give SWR's answer to error `SVCSTG.SWR.{number}`; *addition* ends its text."""
    code = f"SVCSTG.SWR.{number}"
    message = _SWR[code] + addition
    body = {
        "errors": [{"errorCode": code, "errorMessage": message, "detail": detail}],
        "error_code": code,
        "error_msg": message,
        "encoded_authorization_message": "",
    }
    # The first three of the seven digits are the HTTP status.
    return Answer(status=number // 10_000, body=encoded(body), headers=headers)


def gateway_refusal(
    code: str,
    detail: str = "",
    *,
    request_id: str,
    headers: Mapping[str, str] = _NO_HEADERS,
) -> Answer:
    """Give the API gateway's answer to error *code*; *detail* follows a colon."""
    status, text = _GATEWAY[code]
    body = {
        "error_msg": f"{text}: {detail}" if detail else text,
        "error_code": code,
        "request_id": request_id,
    }
    return Answer(status=status, body=encoded(body), headers=headers)


def iam_refusal(status: int, title: str, message: str) -> Answer:
    """Give IAM's answer, whose *code* is the status as a number."""
    error = {"code": status, "message": message, "title": title}
    return Answer(status=status, body=encoded({"error": error}))

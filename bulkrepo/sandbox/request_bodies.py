"""
Pure. What a request's body says, or the refusal it earns.

Strict where the real service is not known to be lenient: a member of the wrong type, or
one that is not documented, is refused and never ignored.
"""

import json
from collections.abc import Mapping
from typing import Any

from bulkrepo.sandbox import grammar
from bulkrepo.sandbox.messages import JSON, Call, RefusedError, refusal

_LONGEST_DESCRIPTION = 30_000
"""Characters. The service documents an error for too long, and no length."""


def decoded(body: bytes) -> Any:
    """Decode JSON in UTF-8. Raises ValueError."""
    try:
        return json.loads(body.decode())
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def is_json(headers: Mapping[str, str]) -> bool:
    """
    Whether a request says that its body is JSON.

    "The value can be application/json or charset=utf-8 application/json": both ways
    to put the charset are taken.
    """
    said = headers.get("Content-Type", "").lower().replace(";", " ").split()
    return JSON in said


def members(call: Call, *, known: frozenset[str]) -> dict[str, Any]:
    """Give the members of the body, which is an object with *known* keys."""
    if not is_json(call.headers):
        raise RefusedError(refusal(4001018, "Content-Type must be application/json"))
    try:
        found = decoded(call.body)
    except ValueError as error:
        raise RefusedError(refusal(4000014, f"not JSON: {error}")) from error
    if not isinstance(found, dict):
        raise RefusedError(refusal(4001018, "wanted a JSON object"))
    strange = sorted(found.keys() - known)
    if strange:
        raise RefusedError(refusal(4000014, f"unknown: {', '.join(strange)}"))
    return found


def organization_name(found: Mapping[str, Any], *, hyphen_runs: bool) -> str:
    """Give the member `namespace`, a legal name."""
    name = _mandatory(found, "namespace")
    if isinstance(name, str) and grammar.is_namespace(name, hyphen_runs=hyphen_runs):
        return name
    raise RefusedError(refusal(4001028, repr(name)))


def repository_name(found: Mapping[str, Any], *, hyphen_runs: bool) -> str:
    """Give the member `repository`, a legal name, slashes as slashes."""
    name = _mandatory(found, "repository")
    if isinstance(name, str) and grammar.is_repository(name, hyphen_runs=hyphen_runs):
        return name
    raise RefusedError(refusal(4001029, repr(name)))


def is_public(found: Mapping[str, Any]) -> bool:
    """Give the member `is_public`, a JSON boolean; it has no default."""
    value = _mandatory(found, "is_public")
    if not isinstance(value, bool):
        raise RefusedError(refusal(4001009, repr(value)))
    return value


def category(found: Mapping[str, Any]) -> str | None:
    """Give the member `category`, one of eight words, where there is one."""
    if "category" not in found:
        return None
    value = found["category"]
    if not isinstance(value, str) or value not in grammar.CATEGORIES:
        raise RefusedError(refusal(4000014, f"category {value!r}"))
    return value


def description(found: Mapping[str, Any]) -> str | None:
    """Give the member `description`, any text, where there is one."""
    if "description" not in found:
        return None
    value = found["description"]
    if not isinstance(value, str):
        raise RefusedError(refusal(4000014, "description is not text"))
    if len(value) > _LONGEST_DESCRIPTION:
        raise RefusedError(refusal(4131012))
    return value


def _mandatory(found: Mapping[str, Any], name: str) -> Any:
    if name not in found:
        raise RefusedError(refusal(4001014, f"{name} is missing"))
    return found[name]

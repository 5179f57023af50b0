"""
Pure. Who calls: a token's holder, or the holder of an access key, who signs.

The words of the refusals are from the API gateway's FAQ, Common Errors Related to IAM
Authentication Information.
"""

from dataclasses import dataclass
from typing import Final

from bulkrepo.sandbox import signature
from bulkrepo.sandbox.messages import (
    Answer,
    Call,
    RefusedError,
    gateway_refusal,
    refusal,
)
from bulkrepo.sandbox.state import State

FAILURES: Final = 5
"""Signatures that may be wrong in a row. One more locks the access key."""

LOCKED: Final = 300.0
"""Seconds for which it is locked then; good signatures are refused as well."""


@dataclass(slots=True)
class _Lock:
    failures: int = 0
    until: float = 0.0


class Callers:
    """Checks tokens and signatures, and locks access keys."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = _Lock()

    def check(self, call: Call) -> None:
        """Raise RefusedError unless *call* may pass."""
        if call.headers.get("Authorization", "").startswith(signature.ALGORITHM):
            self._check_signature(call)
        else:
            self._check_token(call)

    def _check_token(self, call: Call) -> None:
        token = call.headers.get("X-Auth-Token")
        if not token:
            raise RefusedError(_incorrect("x-auth-token not found", call))
        known = self._state.tokens.get(token)
        if known is None or not known.scoped:
            why = "unknown token" if known is None else "token without a project"
            raise RefusedError(refusal(4010000, why))
        if known.dies is not None and call.now >= known.dies:
            raise RefusedError(
                gateway_refusal("APIGW.0307", request_id=call.request_id)
            )

    def _check_signature(self, call: Call) -> None:
        settings, seen = self._state.settings, self._state.signatures
        claim = signature.Claim.read(call.headers["Authorization"])
        if claim is None:
            seen["refused"] += 1
            raise RefusedError(_incorrect("verify aksk signature fail", call))
        given = call.headers.get("X-Security-Token")
        # A temporary access key is unknown without the token that belongs to it.
        if claim.access_key != settings.access_key or (
            settings.security_token is not None and given is None
        ):
            seen["refused"] += 1
            why = f"Get secretKey failed,ak:{claim.access_key},err:ak not exist"
            raise RefusedError(_incorrect(why, call))
        if call.now < self._lock.until:
            seen["locked"] += 1
            why = "AK access failed to reach the limit, forbidden"
            raise RefusedError(_incorrect(why, call))
        if given != settings.security_token:
            seen["refused"] += 1
            raise RefusedError(_incorrect("decrypt token fail", call))
        if not signature.holds(claim, call, secret_key=settings.secret_key):
            seen["refused"] += 1
            self._failed(call.now)
            raise RefusedError(_incorrect("verify aksk signature fail", call))
        self._lock.failures = 0
        seen["verified"] += 1
        if call.headers.get("X-Project-Id", settings.project_id) != settings.project_id:
            raise RefusedError(
                gateway_refusal("APIGW.0310", request_id=call.request_id)
            )

    def _failed(self, now: float) -> None:
        self._lock.failures += 1
        if self._lock.failures > FAILURES:
            self._lock = _Lock(until=now + LOCKED)


def _incorrect(why: str, call: Call) -> Answer:
    return gateway_refusal("APIGW.0301", why, request_id=call.request_id)

"""How a service may quote a secret."""

import base64
from collections.abc import Callable, Mapping
from urllib.parse import quote


def _to_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _to_url_base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _to_hex(text: str) -> str:
    return text.encode().hex()


def _to_capital_hex(text: str) -> str:
    return _to_hex(text).upper()


def _to_percent(text: str) -> str:
    return quote(text, safe="")


ENCODERS: Mapping[str, Callable[[str], str]] = {
    "base64": _to_base64,
    "base64 for URLs": _to_url_base64,
    "hex": _to_hex,
    "capital hex": _to_capital_hex,
    "percent": _to_percent,
}

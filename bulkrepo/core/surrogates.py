r"""
Pure. Text from outside in which there are halves of characters.

A lone surrogate is none of Unicode's characters: UTF-8 cannot hold it, so no ledger,
report or log can. It comes from a JSON escape such as `\ud800`, or stands for a byte
that is not UTF-8 (PEP 383). U+FFFD takes its place where text comes in.
"""

import re
from typing import Any


def clean_text(text: str) -> str:
    """Return *text* with U+FFFD for each lone surrogate."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        # By UTF-16, in which two halves that meet are a character.
        halves = text.encode("utf-16-le", "surrogatepass")
        return halves.decode("utf-16-le", "replace")
    return text


def clean_value(value: Any) -> Any:
    """Return *value*, made of mappings, lists and scalars, with its texts cleaned."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_value(key): clean_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean_value(inner) for inner in value]
    return value


_ESCAPES = re.compile(
    r"(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


def clean_body(body: bytes) -> bytes:
    """Return *body*, perhaps JSON, as UTF-8 without halves of characters."""
    if body.isascii() and rb"\ud" not in body and rb"\uD" not in body:
        return body
    text = body.decode(errors="replace")
    return _ESCAPES.sub(lambda match: match[1] or r"\ufffd", text).encode()

"""JSON read by the standard library, numbers as they are written where that matters."""

import json
from typing import Any

from bulkrepo.core.json_scanner import Number


def exactly(text: str) -> Any:
    """Return the value of *text*; short integers alone are numbers."""

    def integer(digits: str) -> object:
        return int(digits) if len(digits) < 19 else Number(digits)

    return json.loads(text, parse_float=Number, parse_int=integer)

"""Durations as people write them."""

import re

from bulkrepo.core.errors import SettingsError

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?")


def duration(text: str, option: str = "") -> float:
    """Read `90`, `90s`, `10m` or `1h30m` as seconds; SettingsError otherwise."""
    what = f"{option}{text!r} is not a duration"
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        raise SettingsError(f"{what}: write 90s, 10m or 1h30m")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total <= 0:
        raise SettingsError(f"{what}: it is zero")
    return total

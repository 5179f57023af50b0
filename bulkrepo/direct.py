"""
Shell. Another registry's listing read as a list, where that leaves nothing to decide.

What can be a list of ours is read as one. A listing is accepted if each of its names
can stay as it is, without its host; otherwise it needs `bulkrepo import`.
"""

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from bulkrepo import inputs, listings, mapping
from bulkrepo.gathered import Gathered
from bulkrepo.inputs import columns
from bulkrepo.mapped import Mapped, row
from bulkrepo.model import Defaults, InputError, Row
from bulkrepo.naming import Profile
from bulkrepo.spool import Spool
from bulkrepo.visible import escape, quote, shown

_LISTS = frozenset({"catalog", "names", "text", "sheet"})
"""Families that can be lists of ours as well, with the same meaning."""

_CERTAIN: Mapping[str, frozenset[str]] = {
    "quay": frozenset({"kind", "state", "is_starred", "last_modified"}),
    "swr": frozenset({"num_images", "total_range", "domain_name"}),
}
"""Family that a list with a misspelt key may look like -> keys that no list has."""


def detector(defaults: Defaults, profile: Profile) -> inputs.Detector:
    """Return what recognizes listings by their beginning and name, and their reader."""

    def detect(head: str, name: str) -> inputs.Reader | None:
        if not fits(head, name):
            return None
        return lambda text, source: _rows(text, source, defaults, profile)

    return detect


def fits(head: str, name: str) -> bool:
    """Tell whether a file that begins with *head* is a listing, and no list of ours."""
    start = head.lstrip("\ufeff \t\r\n")
    if start.startswith("HTTP/"):  # as `curl -i` saves an answer
        return True
    if not start.startswith(("[", "{")):
        # Never read YAML as names: a line may be a password. Its reader reports faults.
        yaml = Path(name).suffix.lower() in (".yaml", ".yml")
        return (yaml or inputs.guess(name, head) == "text") and listings.is_yaml(start)
    value = _beginning(start)
    shape = listings.shape(value)
    if shape is None or shape.family in _LISTS:
        return False
    keys = _keys(value)
    certain = _CERTAIN.get(shape.family)
    if certain is not None:
        return not certain.isdisjoint(keys)
    return "outcome" not in keys and not all(map(columns.known, keys or [""]))


def _beginning(head: str) -> object:
    """Return the document in *head*: all of it, or what is there before the cut."""
    for text in (head, _closed(head)):
        try:
            document = next(listings.documents(io.StringIO(text), source=""), None)
        except InputError:
            continue
        return document and document.value
    return None


def _closed(head: str) -> str:
    """Return JSON that is cut off up to its last comma, with brackets closed."""
    ends: list[str] = []
    cut, closing = 0, ""
    for token in _TOKEN.finditer(head):
        match token[0]:
            case "[" | "{" as opening:
                ends.append(_CLOSING[opening])
            case "]" | "}" if ends:
                ends.pop()
            case ",":
                cut, closing = token.start(), "".join(reversed(ends))
    return head[:cut] + closing


_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_CLOSING = {"[": "]", "{": "}"}


def _keys(value: object) -> frozenset[str]:
    """Return the keys of the first object in the array *value*, or the last in it."""
    if isinstance(value, dict):
        arrays = [each for each in value.values() if isinstance(each, list)]
        value = arrays[-1] if arrays else None
    first = value[0] if isinstance(value, list) and value else None
    return frozenset(first) if isinstance(first, dict) else frozenset()


def _rows(
    text: TextIO, source: str, defaults: Defaults, profile: Profile
) -> Iterator[Row]:
    """
    Yield the repositories of the listing *text*, one by one.

    `InputError` with the command to use instead, where something is to be decided.
    """
    command = f"bulkrepo import {quote(source)}"
    organization = defaults.namespace
    if organization is None or defaults.namespace_from_path:
        raise InputError(
            f"{source} is another registry's listing: give the organization that all "
            f"its names go into, -n ORG; or map them: {command} --map first"
        )
    command += f" -n {quote(organization)}"
    if profile != "strict":
        command += f" --grammar {profile}"
    with ExitStack() as stack:
        gathered = Gathered(stack)
        listing = gathered.gather(listings.documents(text, source=source))
        if listing.truncated:
            why = (
                f"is not whole. {listing.truncated}. Pages in several files are one "
                "listing where all are given to one bulkrepo import"
            )
            raise _refused(source, why, f"{command} --partial")
        if listing.family == "swr":
            why = "has an organization for each name"
            raise _refused(source, why, f"bulkrepo import {quote(source)} --map first")
        for why, (count, first) in listing.skipped.items():
            what = f"has {count} that are left out: {escape(why)} ({shown(first)})"
            raise _refused(source, what, command)
        rules = mapping.Rules(namespace=organization, profile=profile)
        mapped = Mapped(gathered.batches, rules, Spool(stack))
        for _ in mapped.entries():
            pass
        for unfit in mapped.misfits:
            what = f"{shown(unfit.source)}: {escape(unfit.why)}"
            raise _refused(source, what, f"{command} --legalize")
        for target, names in mapped.collisions().items():
            both = " and ".join(map(shown, names))
            raise _refused(source, f"has {both}, which would both be {target}", command)
        make = mapping.Mapper(rules)
        for line, found in enumerate(gathered.found(), start=1):
            made = make(found.name)
            if isinstance(made, mapping.Entry):  # as all are
                yield row(found, made, source=source, line=line)


def _refused(source: str, why: str, command: str) -> InputError:
    return InputError(
        f"{source} is another registry's listing, and {why}. That is yours to decide: "
        f"{command}"
    )

"""
Pure. JSON objects and names as rows, for arrays, lines of JSON, and YAML.

An array or object where a field's value is wanted is read as an empty one.
"""

import re
from collections.abc import Mapping

import msgspec
from msgspec import structs

from bulkrepo.core.json_scanner import Unreadable, list_members
from bulkrepo.core.rows import FIELDS, Layout, Problem, Row
from bulkrepo.core.surrogates import clean_text
from bulkrepo.core.text import brief
from bulkrepo.inputs import columns, report_rows

_TYPES: Mapping[type, str] = {
    bool: "a boolean",
    dict: "an object",
    list: "an array",
    str: "text",
    type(None): "null",
}
_PLANS = 256
_NOTHING = ("", None)
_FEW = 64
"""Keys of a record whose plan is worth keeping."""


def shape(value: object) -> str:
    """Return what kind of JSON value *value* is, in words."""
    return _TYPES.get(type(value), "a number")


class JsonRows:
    """
    Makes rows; objects with the same keys share a plan, as a table's rows a header.

    *defaults* are the list's own: field -> its spelling there, and its value.
    """

    def __init__(
        self,
        *,
        kind: str,
        prefix: str = "$",
        defaults: Mapping[str, tuple[str, object]] | None = None,
    ) -> None:
        self._kind = kind
        self._prefix = prefix
        self._defaults = dict(defaults or {})
        self._plans: dict[tuple[str, ...], columns.ColumnMapping] = {}
        names = {field: name for field, (name, _) in self._defaults.items()}
        self._bare = Layout(kind=kind, prefix=prefix, defaults=names)

    def plan(self, keys: tuple[str, ...]) -> columns.ColumnMapping:
        """Return the plan for an object with *keys*, in their order."""
        found = self._plans.get(keys)
        if found is None:
            found = columns.plan(_names(keys), kind=self._kind, prefix=self._prefix)
            layout = structs.replace(found.layout, defaults=self._bare.defaults)
            found = structs.replace(found, layout=layout)
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            if len(keys) <= _FEW:
                self._plans[keys] = found
        return found

    def row(
        self,
        value: object,
        *,
        source: str,
        line: int,
        raw: str | None = None,
        column: int | None = None,
    ) -> Row:
        """
        Return the row of a record, an object or a name.

        *line* is that of the record, or in JSON its number; *column* is where in its
        line it is `Unreadable`.
        """
        if isinstance(value, dict):
            return self._object(value, source, line, raw)
        if isinstance(value, str):
            kept, notes = columns.tidy((None, value, None, None, None))
            kept, halved = self._filled(kept)
            return Row(source, line, *kept, halved, notes, raw, self._bare)
        if isinstance(value, Unreadable):
            rule, message = "json", value.why
        else:
            rule = "type"
            message = f"is {shape(value)}, where an object or a name is wanted"
        fault = Problem("record", rule, message)
        if column is None:
            fault = self._placed(fault, line, "")
        else:
            fault = structs.replace(fault, line=line, column=column)
        return Row(source, line, faults=(fault,), layout=self._bare)

    def _placed(self, fault: Problem, line: int, key: str) -> Problem:
        """Return *fault* with its line, or the element's number, and its path."""
        if self._kind == "json":
            path = f"{self._prefix}[{line - 1}]{key}"
            return structs.replace(fault, path=path)
        return structs.replace(fault, line=line, path=f"${key}")

    def _object(
        self, value: dict[str, object], source: str, line: int, raw: str | None
    ) -> Row:
        keys, values = list_members(value)
        plan = self.plan(keys)
        faults = tuple(
            self._placed(fault, line, step(fault.field))
            for fault in dict.fromkeys(fault for _, fault in plan.faults)
        )
        values = [*values, None]
        reported = None
        if plan.report:
            faults += report_rows.recorded(plan, values)
            reported = report_rows.reported(plan, values)
        kept, notes = columns.taken(plan, values)
        kept, halved = self._filled(kept)
        faults += halved
        return Row(source, line, *kept, faults, notes, raw, plan.layout, reported)

    def _filled(self, kept: columns.Five) -> tuple[columns.Five, tuple[Problem, ...]]:
        """Return *kept* with defaults filled in, and faults of lone surrogates."""
        faults: tuple[Problem, ...] = ()
        values = list(kept)
        for index, given in enumerate(kept):
            value = given
            if value is None and self._defaults:
                values[index] = value = self._defaults.get(FIELDS[index], _NOTHING)[1]
            if isinstance(value, str) and not value.isascii():
                values[index] = whole = clean_text(value)
                if whole != value:
                    faults = (*faults, _halved(FIELDS[index], whole))
            elif isinstance(value, dict | list):
                values[index] = [] if isinstance(value, list) else {}
        a, b, c, d, e = values
        return (a, b, c, d, e), faults


def _names(keys: tuple[str, ...]) -> list[str]:
    """Return keys as they are shown: U+FFFD for half a character, and none endless."""
    return [brief(clean_text(key)) for key in keys]


def _halved(field: str, got: str) -> Problem:
    return Problem(field, "unicode", "holds half of a character (\\ud8xx)", got=got)


def defaults(
    value: dict[str, object],
) -> tuple[dict[str, tuple[str, object]], tuple[Problem, ...]]:
    """Return a list's own defaults by field, with their spelling, and their faults."""
    keys, values = list_members(value)
    plan = columns.plan(_names(keys), kind="json")
    kept, _ = columns.taken(plan, [*values, None])
    found = {
        field: (keys[plan.layout.columns[field]], value)
        for field, value in zip(FIELDS, kept, strict=True)
        if value is not None
    }
    return found, tuple(fault for _, fault in plan.faults)


def step(name: str) -> str:
    """Return *name* as a step of a JSON path."""
    if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        return f".{name}"
    return f"[{msgspec.json.encode(name).decode()}]"

"""Pure. JSON objects and names as rows, for both arrays and lines of JSON."""

import re
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import structs

from bulkrepo.core.rows import FIELDS, Layout, Problem, Row
from bulkrepo.core.surrogates import clean_text
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
HALF = "\uffff\ufffe"
"""Two noncharacters for half a character, where a parser has no value for that."""
_SURROGATE = "\ud800"


def shape(value: object) -> str:
    """Return what kind of JSON value *value* is, in words."""
    return _TYPES.get(type(value), "a number")


class Shapes:
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
        self._plans: dict[tuple[str, ...], columns.Plan] = {}
        names = {field: name for field, (name, _) in self._defaults.items()}
        self._bare = Layout(kind=kind, prefix=prefix, defaults=names)

    def plan(self, keys: tuple[str, ...]) -> columns.Plan:
        """Return the plan for an object with *keys*, in their order."""
        found = self._plans.get(keys)
        if found is None:
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            names = [clean_key(key) for key in keys]
            found = columns.plan(names, kind=self._kind, prefix=self._prefix)
            layout = structs.replace(found.layout, defaults=self._bare.defaults)
            found = structs.replace(found, layout=layout)
            self._plans[keys] = found
        return found

    def members(
        self,
        keys: tuple[str, ...],
        values: list[object],
        *,
        source: str,
        line: int,
        raw: str | None,
        at: str,
    ) -> Row:
        """Return the row of an object whose JSON path is *at*."""
        plan = self.plan(keys)
        faults = tuple(
            structs.replace(
                fault,
                line=line if self._kind == "ndjson" else None,
                path=f"{at}{step(fault.field)}",
            )
            for _, fault in plan.faults
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

    def name(self, name: str, *, source: str, line: int, raw: str | None) -> Row:
        """Return the row of a bare name."""
        kept, notes = columns.tidy((None, name, None, None, None))
        kept, halved = self._filled(kept)
        return Row(source, line, *kept, halved, notes, raw, self._bare)

    def unfit(self, fault: Problem, *, source: str, line: int) -> Row:
        """Return the row of a record that is neither an object nor a name."""
        return Row(source, line, faults=(fault,), layout=self._bare)

    def _filled(self, kept: columns.Five) -> tuple[columns.Five, tuple[Problem, ...]]:
        """Return *kept* with defaults filled in, and faults of lone surrogates."""
        faults: tuple[Problem, ...] = ()
        values = list(kept)
        for index, given in enumerate(kept):
            value = given
            if value is None and self._defaults:
                values[index] = value = self._defaults.get(FIELDS[index], _NOTHING)[1]
            if isinstance(value, str) and not value.isascii():
                values[index] = whole = clean_text(value.replace(HALF, _SURROGATE))
                if whole != value:
                    faults = (*faults, _halved(FIELDS[index], whole))
        a, b, c, d, e = values
        return (a, b, c, d, e), faults


def clean_key(key: str) -> str:
    """Return a key with U+FFFD for each half of a character."""
    return clean_text(key.replace(HALF, _SURROGATE))


def _halved(field: str, got: str) -> Problem:
    return Problem(field, "unicode", "holds half of a character (\\ud8xx)", got=got)


def defaults(
    keys: Sequence[str], values: Sequence[object]
) -> tuple[dict[str, tuple[str, object]], tuple[Problem, ...]]:
    """Return a list's own defaults by field, with their spelling, and their faults."""
    plan = columns.plan([clean_key(key) for key in keys], kind="json")
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

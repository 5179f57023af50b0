"""
Pure. YAML whose scalars stay the text that was written.

Names such as `1.10`, `007` or `no` are neither numbers nor booleans; only null is None.
Refused are keys given twice, as by the tools whose files these are, and small files
whose references expand to something huge.
"""

import re
from collections.abc import Hashable
from typing import Any

import yaml

from bulkrepo.core.errors import InputError

_TIMES = 10
_FEW = 100_000
"""References may make ten times as many nodes as are written, or this many."""

# A name may hold a colon, but only a key's is followed by a blank or the line's end.
_COLON = re.compile(r":(?:[ \t\r\n]|\Z)")
_KEY = re.compile(r"^[ \t]*(?:- )*+[^\s#][^\n]*:(?:[ \t\r]|$)", re.MULTILINE)
_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
_TEXT = "tag:yaml.org,2002:str"
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Words(_LOADER):  # type: ignore[misc, valid-type]
    """A safe loader for which every scalar is text, or null."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002 - theirs
    ) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                key.tag = _TEXT
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        problem=_TWICE, problem_mark=key.start_mark
                    )
                seen.add(key.value)
        found: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return found


_TWICE = "has the same key twice"
_FAULTS: dict[object, str] = {
    _TWICE: _TWICE,
    "but found another document": "begins another document: save each in a file",
}
"""The parser's words for a fault -> ours."""
_Words.yaml_implicit_resolvers = {}
_Words.add_implicit_resolver(_MERGE, re.compile(r"<<\Z"), ["<"])
_Words.add_implicit_resolver(
    _NULL, re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""]
)


def keyed(text: str) -> re.Match[str] | None:
    """Return the first key of a YAML mapping in *text*."""
    return _KEY.search(text) if _COLON.search(text) else None


def load(text: str, source: str) -> object:
    """Return the value of *text*. `InputError` places a fault, and quotes nothing."""
    try:
        loader = _Words(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _bounded(node, source)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        # Not the error's own text: that quotes the line, which may hold a password.
        what = _FAULTS.get(
            getattr(error, "problem", None), "begins like YAML but is not valid"
        )
        raise InputError(f"{source}{where}: {what}") from None


def _bounded(node: yaml.Node, source: str) -> None:
    sizes: dict[int, int] = {}
    many = _size(node, sizes)
    if many > max(_FEW, _TIMES * len(sizes)):
        raise InputError(
            f"{source}: its references (*name) make {many:,} values of "
            f"{len(sizes):,}: write out the part that is wanted"
        )


def _size(node: yaml.Node, sizes: dict[int, int]) -> int:
    """
    Return how many nodes *node* expands to, each reference to one counted anew.

    *sizes* keeps the size of each node. `ValueError` for one that contains itself.
    """
    known = sizes.get(id(node))
    if known is not None:
        if known == 0:
            raise ValueError("refers to itself")
        return known
    sizes[id(node)] = 0
    inner = node.value if isinstance(node, yaml.CollectionNode) else ()
    size = 1
    for each in inner:
        for part in each if isinstance(each, tuple) else (each,):
            size += _size(part, sizes)
    sizes[id(node)] = size
    return size

"""
Pure. YAML, with its scalars as the words that stand there.

A name such as `1.10`, `007` or `no` is no number and no truth: who wants one reads the
word. Only null is none. What a tool would not take, such as a key that stands twice,
is refused; so is what is short only because it refers to itself again and again.
"""

import re
from collections.abc import Hashable
from typing import Any

import yaml

from bulkrepo.model import InputError

_TIMES = 10
_FEW = 100_000
"""Nodes that references may make of fewer, whatever they are."""

# A name may hold a colon, but only a key's is followed by a blank or the line's end.
_COLON = re.compile(r":(?:[ \t\r\n]|\Z)")
_KEY = re.compile(r"^[ \t]*(?:- )*[^\s#][^\n]*:(?:[ \t\r]|$)", re.MULTILINE)
_COMMENT = re.compile(r"(?:^|\s)#.*")
_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
_TEXT = "tag:yaml.org,2002:str"
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Words(_LOADER):  # type: ignore[misc, valid-type]
    """A safe loader that takes no scalar for anything but text, or null."""

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


_TWICE = "has a key that stands there twice"
_FAULTS: dict[object, str] = {
    _TWICE: _TWICE,
    "but found another document": "begins another document: save each in a file",
}
"""What is said of a parser's problem."""
_Words.yaml_implicit_resolvers = {}
_Words.add_implicit_resolver(_MERGE, re.compile(r"<<\Z"), ["<"])
_Words.add_implicit_resolver(
    _NULL, re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""]
)


def keyed(text: str) -> re.Match[str] | None:
    """Return the first key that stands in *text* as YAML writes them."""
    return _KEY.search(text) if _COLON.search(text) else None


def begins(text: str) -> bool:
    """Tell whether the first line of *text* that says something has a key."""
    for line in text.splitlines():
        bare = _COMMENT.sub("", line).strip()
        if bare and bare != "---" and not bare.startswith("%"):
            return keyed(bare) is not None
    return False


def load(text: str, source: str) -> object:
    """Return what *text* says. `InputError` with the place, and no word, of a fault."""
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
            getattr(error, "problem", None), "begins like YAML and is none"
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
    Return how many nodes there are if each reference to one is one more.

    *sizes* takes that of each different node. `ValueError` for one within itself.
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

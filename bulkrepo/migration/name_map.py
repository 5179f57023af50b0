"""The map of an import: sources and their targets, as CSV."""

import csv
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TextIO

from bulkrepo.core.csv_cells import csv_line, harmless, plain
from bulkrepo.core.errors import InputError
from bulkrepo.core.text import shown
from bulkrepo.inputs.csv_format import DELIMITERS
from bulkrepo.migration import mapping, saved_listing
from bulkrepo.migration.mapped_listing import UnchangedNames

MAP = ("source", "target", "namespace", "repository", "changed")
"""Columns of the map; a file with the first two can be given as exceptions."""


def read_pairs(path: str) -> Iterator[tuple[str, str]]:
    """Yield source and target of each line of the map or exceptions in *path*."""
    with (
        saved_listing.opened(path, None) as tap,
        saved_listing.decoded_text(tap, path) as text,
    ):
        yield from pairs(text, path)


def pairs(text: TextIO, path: str) -> Iterator[tuple[str, str]]:
    """Yield source and target of each line of *text*, a map or exceptions at *path*."""
    first = text.readline()
    # A spreadsheet program may write another delimiter than a comma.
    delimiter = max(DELIMITERS, key=first.count)
    table = csv.DictReader(chain([first], text), delimiter=delimiter, strict=True)
    try:
        if not {"source", "target"} <= set(table.fieldnames or ()):
            raise InputError(f"{path}:1: needs the columns source and target")
        for line in table:
            source, target = line["source"], line["target"]
            if source is None or target is None:
                raise InputError(f"{path}:{table.line_num}: has no target; see line 1")
            yield plain(source), plain(target.strip())
    except csv.Error as error:
        raise InputError(f"{path}:{table.line_num}: no CSV: {error}") from error


def read_exceptions(path: str) -> Mapping[str, str]:
    """Return sources and their targets; InputError if one has two."""
    found: dict[str, str] = {}
    for source, target in read_pairs(path):
        if found.setdefault(source, target) != target:
            raise InputError(f"{path}: has {shown(source)} twice, with two targets")
    return found


def map_lines(kept: UnchangedNames) -> str:
    """Return lines of the map."""
    sources, paths, namespace = kept.run.sources, kept.run.paths, kept.namespace
    return "".join(
        [
            f"{source},{namespace}/{path},{namespace},{path},\r\n"
            for source, path in zip(sources, paths, strict=True)
        ]
    )


def map_line(each: mapping.MappingEntry) -> str:
    """Return a line of the map, harmless to a spreadsheet."""
    source, target, changes = each.source, each.target, " ".join(each.changes)
    if source == each.repository:  # as mostly: it is legal, and needs no second look
        return f"{source},{target},{each.namespace},{source},{changes}\r\n"
    names = (harmless(source), target, each.namespace, each.repository)
    return csv_line((*names, changes))

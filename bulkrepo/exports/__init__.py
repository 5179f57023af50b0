"""
Pure. A report as bytes: one function a format, and the table of them.

An exporter takes an iterator over any number of rows and yields its file in chunks:
memory is the same for ten rows and for a million.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath

from bulkrepo.exports.junit import junit
from bulkrepo.exports.markdown import markdown
from bulkrepo.exports.page import page
from bulkrepo.exports.prometheus import prometheus
from bulkrepo.exports.records import BATCH, COLUMNS, as_json, jsonl
from bulkrepo.exports.sheet import as_csv, csv_line, harmless
from bulkrepo.model import Item, RunInfo, SettingsError, Summary
from bulkrepo.visible import escape

__all__ = [
    "BATCH",
    "COLUMNS",
    "EXPORTERS",
    "SUFFIXES",
    "Exporter",
    "by_suffix",
    "csv_line",
    "harmless",
]

Exporter = Callable[[RunInfo, Summary, Iterable[Item]], Iterator[bytes]]
"""Turns a run and its rows, in list order, into the chunks of one file."""


def by_suffix(path: str) -> str:
    """
    Return the format for the file *path* by its suffix; `-` is JSON Lines.

    Raises `SettingsError` for a suffix that no exporter serves.
    """
    if path == "-":
        return "jsonl"
    name = SUFFIXES.get(PurePath(path).suffix.lower())
    if name is None:
        known = ", ".join(SUFFIXES)
        raise SettingsError(f"{escape(path)}: not a report format; known: {known}")
    return name


SUFFIXES: Mapping[str, str] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".md": "md",
    ".markdown": "md",
    ".html": "html",
    ".xml": "xml",
    ".prom": "prom",
}

EXPORTERS: Mapping[str, Exporter] = {
    "jsonl": jsonl,
    "json": as_json,
    "csv": as_csv,
    "md": markdown,
    "html": page,
    "xml": junit,
    "prom": prometheus,
}

"""
Pure. A report as bytes: one function a format, and the table of them.

An exporter takes an iterator over any number of rows and yields its file in chunks:
memory is the same for ten rows and for a million.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.outcomes import Item
from bulkrepo.core.results import RunInfo, Summary
from bulkrepo.core.text import escape
from bulkrepo.reports.csv_report import as_csv
from bulkrepo.reports.html_report import page
from bulkrepo.reports.json_report import as_json, jsonl
from bulkrepo.reports.junit_report import junit
from bulkrepo.reports.markdown_report import markdown
from bulkrepo.reports.prometheus_report import prometheus

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

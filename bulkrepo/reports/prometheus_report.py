"""Pure. A run's numbers in Prometheus' text format, for node-exporter's textfile."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from bulkrepo.core.encoding import utf8
from bulkrepo.core.outcomes import Item, Verdict
from bulkrepo.core.results import RunInfo, Summary
from bulkrepo.core.text import escape


def prometheus(
    info: RunInfo, summary: Summary, _items: Iterable[Item]
) -> Iterator[bytes]:
    """
    Yield gauges of one run; always the same ones, zeros included.

    They are labelled by command, lists and place, so that files of several jobs can be
    in one folder: of two samples alike, node-exporter drops one.
    """
    named = {
        "command": info.command,
        "lists": ", ".join(info.lists),
        "list_path": ", ".join(info.list_paths),
        "endpoint": info.endpoint,
    }
    labels = ",".join(f'{name}="{_label(text)}"' for name, text in named.items())
    lines = [_head("rows", "Rows of the lists, by what became of them.")]
    for verdict in Verdict:
        number = summary.counts.get(verdict, 0)
        lines.append(f'bulkrepo_rows{{{labels},outcome="{verdict}"}} {number}')
    numbers = {
        "failures": ("Rows that did not succeed.", summary.failures),
        "uncertain": ("Rows whose outcome is not certain.", summary.uncertain),
        "exposed": ("Repositories that are public, not private.", summary.exposed),
        "requests": ("Requests that were sent.", info.requests),
        "throttled": ("Requests that were throttled.", info.throttled),
        "completed": ("1 if the run got to its end.", int(info.state == "finished")),
        "started_timestamp_seconds": ("Begin.", _epoch(info.started_at)),
        "finished_timestamp_seconds": ("End; 0: not yet.", _epoch(info.finished_at)),
    }
    for name, (text, value) in numbers.items():
        lines += [_head(name, text), f"bulkrepo_{name}{{{labels}}} {value}"]
    yield utf8("\n".join(lines) + "\n")


def _head(name: str, text: str) -> str:
    return f"# HELP bulkrepo_{name} {text}\n# TYPE bulkrepo_{name} gauge"


def _label(text: str) -> str:
    return escape(text).replace("\\", "\\\\").replace('"', '\\"')


def _epoch(when: str | None) -> float:
    return datetime.fromisoformat(when).timestamp() if when else 0

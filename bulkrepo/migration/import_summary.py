"""What an import says: its summary, or why it fails."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bulkrepo.core.text import escape, quote, shown
from bulkrepo.migration.listings import reader
from bulkrepo.migration.mapped_listing import SHOWN, MappedListing


def left_out(listing: reader.ListingSummary, mapped: MappedListing) -> Iterator[str]:
    """Yield why names are left out, and how many."""
    reasons = sorted(listing.skipped.items(), key=lambda each: -each[1][0])
    for why, (count, first) in reasons[:SHOWN]:
        yield f"  {count} skipped: {escape(why)} (first: {shown(first)})"
    if mapped.excepted:
        yield f"  {mapped.excepted} left out, as the exceptions say"


def unlawful(mapped: MappedListing, collisions: Mapping[str, Sequence[str]]) -> str:
    """Return why nothing was written, and what to do."""
    lines = ["the names do not fit, and nothing was written"]
    for target, sources in collisions.items():
        lines.append(f"  {' and '.join(map(shown, sources))} would both be {target}")
    lines += [
        f"  {shown(unfit.source)}: {escape(unfit.why)}" for unfit in mapped.misfits
    ]
    if mapped.unfit > SHOWN:
        lines.append(f"  and {mapped.unfit - SHOWN} more that break a rule")
    reasons = [unfit.why for unfit in mapped.misfits]
    if any(why.startswith("has no {host}") for why in reasons):
        lines.append("To write the host out: --map '{namespace}/HOST/{path}'")
    # What no registry has in a name is none: to alter it would make one up.
    if any(
        not unfit.why.startswith("has no {") and set("<>|").isdisjoint(unfit.source)
        for unfit in mapped.misfits
    ):
        lines.append("To alter them to the nearest legal names: --legalize")
    lines.append(
        "To say a name's target yourself, or leave it out: --exceptions FILE, a CSV "
        "with the columns source,target"
    )
    return "\n".join(lines)


def summary_lines(
    listing: reader.ListingSummary,
    mapped: MappedListing,
    said: Counter[bool | None],
    out: Path,
    table: Path,
    *,
    profile: str,
) -> Iterator[str]:
    """Yield one screen: what was found, what became of it, and what to do next."""
    yield f"{listing.shape}: {listing.rows} records, {listing.names} repositories"
    if listing.truncated:
        yield f"  NOT WHOLE  {listing.truncated}"
    if listing.repeated:
        yield f"  {listing.repeated} named a repository again"
    yield from left_out(listing, mapped)
    if mapped.unused:
        unused = shown(next(iter(mapped.unused)))
        yield f"  {len(mapped.unused)} exceptions matched no name (first: {unused})"
    for note, count in listing.notes.most_common(SHOWN):
        yield f"  {count} {escape(note)}"
    for each in mapped.changed:
        why = ", ".join(each.changes)
        yield f"  {shown(each.source)} -> {each.target} ({why})"
    if mapped.altered > SHOWN:
        yield f"  and {mapped.altered - SHOWN} more altered names: see the map"
    unsaid = said[None]
    yield f"visibility: {said[True]} public, {said[False]} private, {unsaid} not said"
    few = ", ".join(list(mapped.organizations)[:5])
    others = len(mapped.organizations) - 5
    yield f"organizations: {few}{f' and {others} more' if others > 0 else ''}"
    yield f"list: {escape(str(out))} ({mapped.count} rows)   map: {escape(str(table))}"
    choose = " --visibility private" if unsaid else ""
    if profile != "strict":
        choose += f" --grammar {profile}"
    yield f"next: bulkrepo create {quote(str(out))}{choose}"

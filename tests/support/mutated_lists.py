"""Lists and listings that were damaged by chance, and what must hold of each."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
from openpyxl import Workbook

from bulkrepo.core.errors import InputError
from bulkrepo.core.rows import Defaults, Rejected, RepoSpec
from bulkrepo.core.text import escape
from bulkrepo.inputs import checking
from bulkrepo.migration import mapping, saved_listing
from bulkrepo.migration.collection import ListingCollector
from bulkrepo.sandbox import grammar

_ROWS = (
    ("team-a", "pay/api", "false", "linux", "the payments API, v2"),
    ("team-a", "pay/web", "true", "", 'says "hello"\nand goes on'),
    ("team-b", "größe", "yes", "other", "ein Fehler"),
    ("team-b", "tools.x_y", "private", "lang", ""),
)
_HEADING = ("organization", "repository", "visibility", "category", "description")
_LISTINGS = Path(__file__).parent / "listings"
_PIECES = (
    *(b'"', b"'", b",", b";", b"\t", b"\n", b"\r\n", b"\r", b"\x00", b"\xff", b"\\"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud83d", b"\\u0000", b"\xe2"),
    *(b"[", b"]", b"{", b"}", b":", b"- ", b"---\n", b"&a", b"*a", b"!!int ", b"#"),
    *(b"null", b"true", b"1e999999", b"9" * 5000, b"-0", b"NaN", b"0x1f", b"007"),
    *(b"defaults", b"repositories", b'"name"', b"is_public", b"private", b"<none>"),
    *(b"../", b"a/" * 40, b"A" * 200, b" " * 200, b"\xc2\xa0", b"\xe2\x80\xae", b"%00"),
)

_map = mapping.Mapper(mapping.MappingRules(namespace="team", profile="strict"))

CPU_LIMIT = 5.0
"""CPU seconds that one file may take, a hundred times what it does."""


def build_seeds(folder: Path) -> list[tuple[str, bytes]]:
    """Return sound files of every format, as (suffix, content)."""
    objects = [dict(zip(_HEADING, row, strict=True)) for row in _ROWS]
    names = [f"{row[0]}/{row[1]}" for row in _ROWS]
    array = msgspec.json.encode(objects)
    envelope = {"defaults": {"visibility": "private"}, "repositories": names}
    lines = b"\n".join(map(msgspec.json.encode, objects))
    book = Workbook()
    for row in (_HEADING, *_ROWS):
        book.active.append(row)
    book.save(folder / "seed.xlsx")
    seeds = [
        (".csv", _table(",")),
        (".csv", _table(";")),
        (".tsv", _table("\t")),
        (".csv", b"\xff\xfe" + _table(",").decode().encode("utf-16-le")),
        (".json", array),
        (".json", msgspec.json.encode(envelope)),
        (".ndjson", lines),
        (".yaml", msgspec.yaml.encode(objects)),
        (".yaml", msgspec.yaml.encode(envelope)),
        (".txt", "\n".join(names).encode()),
        (".xlsx", (folder / "seed.xlsx").read_bytes()),
    ]
    seeds += [(path.suffix, path.read_bytes()) for path in sorted(_LISTINGS.iterdir())]
    return seeds


def _table(delimiter: str) -> bytes:
    cells = [
        [f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row]
        for row in (_HEADING, *_ROWS)
    ]
    return "\n".join(delimiter.join(row) for row in cells).encode()


def mutate(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """Return *content* with one to four changes; *other* may be spliced in."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(content) + 1)
        length = min(chance.choice((1, 1, 4, 30, 300)), len(content) - at)
        match chance.randrange(7):
            case 0:
                content = content[:at] + content[at + length :]
            case 1:
                content = content[:at] + content[at : at + length] * 2 + content[at:]
            case 2:
                content = content[:at] + chance.randbytes(1) + content[at + 1 :]
            case 3:
                content = content[:at]
            case 4:
                content = content[:at] + other[chance.randrange(len(other) + 1) :]
            case _:
                content = content[:at] + chance.choice(_PIECES) + content[at:]
    return content


def survive(folder: Path, count: int, *, seed: int) -> Iterator[int]:
    """
    Read *count* mutated files as lists and as listings; yield the rows of each.

    AssertionError where a row has no outcome or a wrong one; any other error passes.
    """
    chance = random.Random(seed)
    seeds = build_seeds(folder)
    for _ in range(count):
        suffix, content = chance.choice(seeds)
        data = mutate(content, chance.choice(seeds)[1], chance)
        path = folder / f"mutant{chance.choice((suffix, suffix, '.txt', ''))}"
        path.write_bytes(data)
        begun = time.process_time()
        rows = _read_list(str(path))
        _read_listing(str(path))
        spent = time.process_time() - begun
        assert spent < CPU_LIMIT, f"{spent:.0f} s for {data[:200]!r}"
        path.unlink()
        yield rows


def _read_list(path: str) -> int:
    count = 0
    try:
        for row, found in checking.checked(
            [path], format=None, defaults=Defaults(namespace="team"), profile="strict"
        ):
            count += 1
            msgspec.json.encode((row.source, row.line))
            if isinstance(found, Rejected):
                assert any(not problem.note for problem in found.problems)
                msgspec.json.encode(found.problems)
            else:
                _check_spec(found)
    except InputError as error:
        escape(str(error)).encode()
    return count


def _check_spec(spec: RepoSpec) -> None:
    """Fail unless what is to be created is lawful, by the sandbox's own grammar."""
    assert isinstance(spec.is_public, bool)
    assert grammar.is_namespace(spec.namespace, hyphen_runs=False)
    assert grammar.is_repository(spec.repository, hyphen_runs=False)
    msgspec.json.encode(spec)


def _read_listing(path: str) -> None:
    with ExitStack() as stack:
        gathered = ListingCollector(stack)
        try:
            gathered.gather(saved_listing.documents(path, None))
            for found in gathered.found():
                made = _map(found.name)
                if isinstance(made, mapping.MappingEntry):
                    assert grammar.is_repository(made.repository, hyphen_runs=False)
        except InputError as error:
            escape(str(error)).encode()

"""Edge. Files and pipes as text: encodings detected, bad bytes located."""

import codecs
import io
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, Protocol, TextIO

from bulkrepo.core.errors import InputError

LONGEST = 1 << 20
"""Characters that a line, or a record of a table, may have; so no cell has more."""
_CHUNK = 1 << 16

# The longer mark first: UTF-32's little-endian mark starts with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GZIP = b"\x1f\x8b\x08"
_ENDS = (b"\r\n\r\n", b"\n\n")
"""The end of headers that were saved in front of a body."""
_READABLE = frozenset({"utf-8", "utf-8-sig", "utf-16"})


class Hash(Protocol):
    """Anything that is fed bytes, such as an object of hashlib."""

    def update(self, data: bytes, /) -> object:
        """Take the next bytes."""
        ...


class HashingReader(io.BufferedIOBase):
    """
    A readable that feeds every byte to a digest, and counts lines.

    It returns chunks of its own size, whatever is asked for, as `TextIOWrapper` allows.
    *head* is the first chunk: peeked at, not consumed.
    """

    def __init__(self, raw: BinaryIO, *, digest: Hash | None) -> None:
        super().__init__()
        self._raw = raw
        self._digest = digest
        self._delivered = 0
        self._lines = 0
        self.head = self._next()
        self._waiting: bytes | None = self.head

    def _next(self) -> bytes:
        read = getattr(self._raw, "read1", self._raw.read)
        chunk: bytes = read(_CHUNK)
        if self._digest is not None and chunk:
            self._digest.update(chunk)
        return chunk

    def read1(self, _size: int = -1, /) -> bytes:
        """Return the next chunk; empty at the end."""
        chunk, self._waiting = self._waiting, None
        if chunk is None:
            chunk = self._next()
        self._delivered += len(chunk)
        self._lines += chunk.count(b"\n")
        return chunk

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next chunk, or with a negative *size* all the rest."""
        if size is not None and size >= 0:
            return self.read1(size)
        return b"".join(iter(self.read1, b""))

    @property
    def name(self) -> str:
        """An empty name: `TextIOWrapper` asks for one."""
        return ""

    def readable(self) -> bool:
        """Return True, as `TextIOWrapper` wants."""
        return True

    def drain(self) -> None:
        """Feed the rest to the digest."""
        while self.read1():
            pass

    def where(self, error: UnicodeDecodeError) -> str:
        """Return line and byte of *error*, both from 1, in the whole input."""
        behind = error.object[error.start :]
        byte = self._delivered - len(behind) + 1
        line = self._lines - behind.count(b"\n") + 1
        return f"line {line}, byte {byte}"


def decoded(tap: HashingReader, *, name: str) -> io.TextIOWrapper:
    """
    Return *tap* as text, line ends untouched.

    `InputError` for compressed data, and for encodings that are not supported.
    """
    if tap.head.startswith(_GZIP) or any(end + _GZIP in tap.head for end in _ENDS):
        raise InputError(
            f"{name}: this is packed with gzip: unpack it (gunzip), or save it with "
            "curl --compressed"
        )
    encoding = next((e for mark, e in _MARKS if tap.head.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in tap.head[:64]:
        encoding = "UTF-16 or UTF-32 without a byte order mark"
    if encoding not in _READABLE:
        raise InputError(f"{name}: this is {encoding}; {ADVICE}")
    return io.TextIOWrapper(tap, encoding=encoding, newline="")


def bounded_lines(text: TextIO, name: str) -> Iterator[str]:
    """
    Yield the lines of *text*, line ends untouched.

    `InputError` for a line of more than `LONGEST` characters, as soon as that is sure:
    no input makes a reader take more memory than that.
    """
    each = iter(partial(text.readline, LONGEST + 1), "")
    for number, line in enumerate(each, start=1):
        if len(line) > LONGEST:
            raise InputError(
                f"{name}:{number}: the line has more than {LONGEST:,} characters, "
                "which no line of a list needs"
            )
        yield line


ADVICE = (
    "save it as UTF-8 (a spreadsheet offers it as 'CSV UTF-8'), "
    "or as UTF-16 with a byte order mark"
)

"""Pure. Counts the pages of one shape in a listing, and tells if any are missing."""

import sys

import msgspec

from bulkrepo.migration.listings.document_reader import Document
from bulkrepo.migration.listings.shapes import ListingPage


class PageTally(msgspec.Struct):
    """
    What the pages of one shape say together; *full* is as in `ListingFormat`.

    *found* and *skipped* count names. *here*: the file being read has such pages;
    *more* and *rows* are of the last one, *rows* 0 where that is known to be the last
    of all. *whole*: some file's last page points to no other; *least* are the fewest
    rows of such a page, *size* the most of any. *pointed* is what pointed to another.
    """

    full: frozenset[int]
    found: int = 0
    skipped: int = 0
    projects: set[int] = set()
    total: int = -1
    here: bool = False
    more: str | None = None
    rows: int = 0
    size: int = 0
    least: int = sys.maxsize
    pointed: str = ""
    whole: bool = False

    def end(self, page: ListingPage, document: Document, more: str | None) -> None:
        """
        Take in what *page*, of which *document* is the last part, says of others.

        *more* is what points to another one.
        """
        self.here, self.more = True, more
        total = document.total if page.total is None else page.total
        self.total = max(self.total, -1 if total is None else total)
        self.rows = 0 if document.last else page.rows
        self.size = max(self.size, page.rows)
        self.pointed = self.more or self.pointed

    def close(self) -> None:
        """Note that the page read last is the last one of its file."""
        if self.here and self.more is None:
            self.whole = True
            self.least = min(self.least, self.rows)
        self.here = False

    def missing(self, distinct: int, *, ended: bool) -> str | None:
        """
        Return what shows that there are more pages; *distinct* names are known.

        *ended*: some page without records points to no other, and so is the last one.
        A page missing between two others shows only where the listing gives its total.
        """
        # Of the shapes of one listing, one has names and the other projects.
        here = distinct if self.found else 0
        here += len(self.projects) + self.skipped
        if self.total > here:
            return f"it says {self.total} records, and {here} are here"
        # Pages in one file need not be in order, if all of them are there.
        if not (self.whole or ended or self.total == here):
            return f"the last page points to another one ({self.pointed})"
        known = ended or self.total >= 0 or self.pointed
        if self.size == self.least and self.size in self.full and not known:
            return (
                f"exactly {self.size} records a page, as full pages have; "
                "give the next page too, even if it is empty"
            )
        return None

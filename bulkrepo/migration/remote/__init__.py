"""
Pure. Listing another registry by its API: where, which product, page by page.

`discovery` and `pages` are conversations: they yield URLs to ask, and are sent the
replies. `pages` also yields the documents that `listings` reads.
"""

from collections.abc import Sequence

from bulkrepo.core.rows import SettingsError
from bulkrepo.migration.remote.urls import is_url, place


def checked(sources: Sequence[str]) -> None:
    """Raise SettingsError unless the URLs among *sources* are of one registry."""
    origins = {place(source).origin for source in sources if is_url(source)}
    if len(origins) > 1:
        raise SettingsError(
            f"{' and '.join(sorted(origins))}: give one registry at a time, so that "
            "no credential goes to another one"
        )

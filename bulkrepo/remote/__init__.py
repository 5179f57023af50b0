"""
Pure. Listing another registry by its API: where, which product, page by page.

`discovery` and `pages` are conversations: they yield URLs to ask, and are sent the
replies. `pages` also yields the documents that `listings` reads.
"""

from collections.abc import Sequence

from bulkrepo.model import SettingsError
from bulkrepo.remote.access import Access
from bulkrepo.remote.discovery import discovery
from bulkrepo.remote.logins import Docker, Login, from_docker, from_environment
from bulkrepo.remote.pages import MOST, Conversation, RefusedError, pages
from bulkrepo.remote.places import Place, is_url, mistaken, place
from bulkrepo.remote.products import PRODUCTS, Product
from bulkrepo.remote.refusals import refusal

__all__ = [
    "MOST",
    "PRODUCTS",
    "Access",
    "Conversation",
    "Docker",
    "Login",
    "Place",
    "Product",
    "RefusedError",
    "checked",
    "discovery",
    "from_docker",
    "from_environment",
    "is_url",
    "mistaken",
    "pages",
    "place",
    "refusal",
]


def checked(sources: Sequence[str]) -> None:
    """Raise SettingsError unless the URLs among *sources* are of one registry."""
    origins = {place(source).origin for source in sources if is_url(source)}
    if len(origins) > 1:
        raise SettingsError(
            f"{' and '.join(sorted(origins))}: give one registry at a time, so that "
            "no credential goes to another one"
        )

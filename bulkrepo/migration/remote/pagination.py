"""Pure. A live listing as a conversation: URLs to ask, replies in, documents out."""

from collections.abc import Generator, Mapping
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from msgspec import structs

from bulkrepo.core.errors import InputError
from bulkrepo.core.text import escape
from bulkrepo.http.headers import field, links
from bulkrepo.http.messages import Reply
from bulkrepo.migration.listings.document_reader import Document, answered
from bulkrepo.migration.remote.products import Plan, Product, sized
from bulkrepo.migration.remote.urls import Place

MOST = 16 * 1024 * 1024
"""Bytes of a page: what is longer is not read."""

_PAGES = 100_000
"""Pages of one listing: one with more is taken to be endless."""

_SAFE = "%/:?&=+,;@!$'()*~"
"""Characters of a link that are not escaped."""

_FULL = {"n": ("100", "1000")}
"""Usual numbers of records on a full page of a catalog."""


class RefusedError(Exception):
    """
    A page is refused: its *url*, and the *reply*.

    *less* is the URL that gives the names alone, if these are not refused.
    """

    def __init__(self, url: str, reply: Reply, less: str | None = None) -> None:
        super().__init__(url)
        self.url, self.reply, self.less = url, reply, less


Conversation = Generator[str | Document, Reply | None, None]
"""Yields URLs and documents; is sent the reply to a URL, None for a document."""


def pages(place: Place, product: Product) -> Conversation:
    """
    List what is at *place*, page by page.

    Raises SettingsError at once for a place that the product does not have; later
    RefusedError for a page that is refused, and InputError for one that is not a
    listing, or for pages that do not end.
    """
    return _first(product.plans(place), product)


def _first(plans: tuple[Plan, ...], product: Product) -> Conversation:
    """List the first of *plans* that exists."""
    for plan in plans:
        if (yield from _listed(plan, product, other=plan is not plans[-1])):
            return


def _listed(
    plan: Plan, product: Product, *, other: bool
) -> Generator[str | Document, Reply | None, bool]:
    """List all of *plan*; False if it begins with a 404, and there are *other* ones."""
    for first in plan:
        url: str | None = sized(first, product)
        asked: set[str] = set()
        count = 0
        while url is not None:
            asked.add(url)
            reply = yield url
            if reply is None:
                raise RuntimeError("a page needs a reply")
            if other and reply.status == 404 and first == plan[0]:
                return False
            smaller = _smaller(url, first, reply)
            if smaller is not None:
                url = smaller
                continue
            if reply.status != 200:
                raise RefusedError(url, reply, None if first == plan[0] else plan[0])
            document = _document(reply, url, len(asked), product)
            count += len(document.value) if isinstance(document.value, list) else 0
            yield document
            here = url
            url = following(
                url, reply.headers, document, seen=count, size=product.size[0]
            )
            if url in asked or (url is not None and len(asked) >= _PAGES):
                raise InputError(
                    f"{here}: its pages do not end: number {len(asked)} leads to one "
                    "that was read, or to one too many. Nothing was written"
                )
    return True


def _smaller(url: str, first: str, reply: Reply) -> str | None:
    """Return *url* without our page size, if that is too large for this registry."""
    # "invalid number of results requested": more than the administrator allows.
    if reply.status == 400 and b"PAGINATION_NUMBER_INVALID" in reply.body:
        return first if url != first else None
    return None


def _document(reply: Reply, url: str, number: int, product: Product) -> Document:
    if len(reply.body) >= MOST:
        raise InputError(f"{url}: has more than {MOST} bytes, which no page has")
    name = url.partition("?")[0]
    source = name if number == 1 else f"{name} (page {number})"
    headers = {
        name.lower(): field(reply.headers, name.lower()) for name in reply.headers
    }
    document = answered(reply.body.decode(), headers, source=source)
    if product.arrays and isinstance(document.value, dict):  # a single project
        return structs.replace(document, value=[document.value])
    return document


def following(
    url: str, headers: Mapping[str, str], document: Document, *, seen: int, size: str
) -> str | None:
    """
    Return the URL of the page after *url*, None after the last.

    *seen* counts the records so far, *size* is the query parameter for a page's size.
    Raises InputError for a page on another host.
    """
    value, total = document.value, document.total
    link, number = field(headers, "link"), field(headers, "x-next-page").strip()
    for relation, target in links(link):
        if relation == "next":
            return _linked(url, target)
    if number.isdecimal():
        return _with(url, "page", number)
    if isinstance(value, dict):
        # Docker Hub gives a URL, Quay and Nexus a token.
        if isinstance(value.get("next"), str) and value["next"]:
            return _linked(url, value["next"])
        for key in ("next_page", "continuationToken"):
            token = value.get(key)
            if isinstance(token, str) and token:
                return _with(url, key, token)
    # A proxy may drop headers. Then a total, or else a full page, says that there may
    # be more; if there is no more, the next page is empty.
    query = dict(parse_qsl(urlsplit(url).query))
    names = value.get("repositories") if isinstance(value, dict) else value
    if not isinstance(names, list) or not names:
        return None
    if total is not None:
        more = seen < total
    else:
        silent = not link and "x-next-page" not in map(str.lower, headers)
        more = silent and str(len(names)) in {query.get(size), *_FULL.get(size, ())}
    if not more:
        return None
    if isinstance(value, list):
        page = query.get("page", "1")
        number = page if page.isdecimal() and len(page) < 9 else ""
        return _with(url, "page", str(int(number) + 1)) if number else None
    return _with(url, "last", names[-1]) if isinstance(names[-1], str) else None


def _linked(url: str, target: str) -> str:
    """
    Return the URL of the link *target* on the page *url*.

    If the end of the path is the same, scheme, port and path stay ours: behind proxies,
    registries say http for https, or leave out what precedes /v2/ in the path.
    """
    ours = urlsplit(url)
    try:
        linked = urlsplit(urljoin(url, target))
        host = linked.hostname
    except ValueError:
        host = None
    if host != ours.hostname or linked.username is not None:
        raise InputError(
            f"{url}: its next page is elsewhere ({escape(target[:200])}), and no other "
            "host is asked. Nothing was written"
        )
    same = linked.path.rpartition("/")[2] == ours.path.rpartition("/")[2]
    return linked._replace(
        scheme=ours.scheme,
        netloc=ours.netloc,
        path=ours.path if same else quote(linked.path, safe=_SAFE),
        query=quote(linked.query, safe=_SAFE),
        fragment="",
    ).geturl()


def _with(url: str, name: str, value: str) -> str:
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = [pair for pair in pairs if pair[0] != name]
    return parts._replace(query=urlencode([*query, (name, value)])).geturl()

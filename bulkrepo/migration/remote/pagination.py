"""Pure. A live listing as a conversation: URLs to ask, replies in, documents out."""

from collections.abc import Generator, Mapping
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from msgspec import structs

from bulkrepo.core.errors import InputError
from bulkrepo.core.text import escape
from bulkrepo.http.headers import field, links
from bulkrepo.http.messages import Response
from bulkrepo.migration.listings.document_reader import Document, answered
from bulkrepo.migration.remote.products import Plan, RegistryProduct, sized
from bulkrepo.migration.remote.urls import RegistryUrl

MOST = 16 * 1024 * 1024
"""Bytes of a page: what is longer is not read."""

_PAGES = 100_000
"""Pages of one listing: one with more is taken to be endless."""

_SAFE = "%/:?&=+,;@!$'()*~"
"""Characters of a link that are not escaped."""

_LINK = 8192
"""Characters of a `Link` header: a longer one is refused."""

_BY_HEADER: Mapping[str, str] = {
    "x-next-page": "page",
    "x-next-page-start": "pageStart",
}
"""Headers that point to the next page -> the query parameter that asks for it."""
_BY_BODY = ("next_page", "continuationToken")
"""Tokens in the body, which are query parameters as well."""


class RefusedError(Exception):
    """
    A page is refused: its *url*, and the *reply*.

    *less* is the URL that gives the names alone, if these are not refused.
    """

    def __init__(self, url: str, reply: Response, less: str | None = None) -> None:
        super().__init__(url)
        self.url, self.reply, self.less = url, reply, less


Conversation = Generator[str | Document, Response | None, None]
"""Yields URLs and documents; is sent the reply to a URL, None for a document."""


def pages(place: RegistryUrl, product: RegistryProduct) -> Conversation:
    """
    List what is at *place*, page by page.

    Raises SettingsError at once for a place that the product does not have; later
    RefusedError for a page that is refused, and InputError for one that is not a
    listing, or for pages that do not end.
    """
    return _first(product.plans(place), product)


def _first(plans: tuple[Plan, ...], product: RegistryProduct) -> Conversation:
    """List the first of *plans* that exists."""
    for plan in plans:
        if (yield from _listed(plan, product, other=plan is not plans[-1])):
            return


def _listed(
    plan: Plan, product: RegistryProduct, *, other: bool
) -> Generator[str | Document, Response | None, bool]:
    """List *plan*; False if its first URL is a 404, and there are *other* plans."""
    for first in plan:
        try:
            yield from _paged(first, product)
        except RefusedError as error:
            if first != plan[0]:
                raise RefusedError(error.url, error.reply, plan[0]) from None
            if other and error.reply.status == 404:
                return False
            raise
    return True


def _paged(first: str, product: RegistryProduct) -> Conversation:
    """List the pages from the URL *first* on."""
    url: str | None = sized(first, product)
    asked: set[str] = set()
    records: set[str] = set()
    count = 0
    led = guessed = False
    while url is not None:
        asked.add(url)
        reply = yield url
        if reply is None:
            raise RuntimeError("a page needs a reply")
        smaller = _smaller(url, first, reply)
        if smaller is not None:
            url = smaller
            continue
        if guessed and reply.status == 404:
            reply = structs.replace(reply, status=200, body=b"[]")
        if reply.status != 200:
            raise RefusedError(url, reply)
        document = _document(reply, url, len(asked), product)
        before, records = records, set(map(str, _records(document)))
        if guessed and records <= before:  # it is empty, or the same again
            document = structs.replace(document, value=[])
        yield document
        count += len(_records(document))
        here = url
        url = following(here, reply.headers, document)
        led = led or url is not None
        # Once an answer has pointed on, one that does not is the last.
        guessed = url is None and not led
        if guessed:
            url = guess_next_page(here, reply.headers, document, count, product.size[0])
        if url in asked or (url is not None and len(asked) >= _PAGES):
            raise InputError(
                f"{here}: its pages do not end: number {len(asked)} leads to one "
                "that was read, or to one too many. Nothing was written"
            )


def _smaller(url: str, first: str, reply: Response) -> str | None:
    """Return *url* without our page size, if that is too large for this registry."""
    # "invalid number of results requested": more than the administrator allows.
    if reply.status == 400 and b"PAGINATION_NUMBER_INVALID" in reply.body:
        return first if url != first else None
    return None


def _document(
    reply: Response, url: str, number: int, product: RegistryProduct
) -> Document:
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


def _records(document: Document) -> list[object]:
    """Return the records of an array, or the names of a catalog."""
    value = document.value
    found = value.get("repositories") if isinstance(value, dict) else value
    return found if isinstance(found, list) else []


def following(url: str, headers: Mapping[str, str], document: Document) -> str | None:
    """
    Return the URL of the page after *url* that its answer points to, None for none.

    Raises InputError for a page elsewhere on another host.
    """
    link, value = field(headers, "link"), document.value
    if len(link) > _LINK:
        raise InputError(
            f"{url}: its Link header has {len(link)} characters, and over {_LINK} are "
            "not read. Nothing was written"
        )
    for relation, target in links(link):
        if relation == "next":
            return _linked(url, target)
    for header, parameter in _BY_HEADER.items():
        if pointer := field(headers, header).strip():
            return _with(url, parameter, pointer)
    body = value if isinstance(value, dict) else {}
    if isinstance(page := body.get("next"), str) and page:  # of Docker Hub
        return _linked(url, page)
    for name in _BY_BODY:
        if isinstance(token := body.get(name), str) and token:
            return _with(url, name, token)
    return None


def guess_next_page(
    url: str, headers: Mapping[str, str], document: Document, seen: int, size: str
) -> str | None:
    """
    Return the URL of a page after *url* that may be there, though nothing points to it.

    A proxy may drop headers, and a registry may not know them. A total of more than
    *seen* records says that there is more, as does an array as long as the query
    parameter *size*. A catalog's page may be shorter, and another follow: only the one
    behind its last name tells.
    """
    query, records = dict(parse_qsl(urlsplit(url).query)), _records(document)
    if not records:
        return None
    if document.total is not None:
        more = seen < document.total
    else:
        silent = {"link", *_BY_HEADER}.isdisjoint(map(str.lower, headers))
        full = isinstance(document.value, dict) or str(len(records)) == query.get(size)
        more = silent and full
    if not more:
        return None
    if isinstance(document.value, list):
        page = query.get("page", "1")
        known = page.isdecimal() and len(page) < 9
        return _with(url, "page", str(int(page) + 1)) if known else None
    return _with(url, "last", records[-1]) if isinstance(records[-1], str) else None


def _linked(url: str, target: str) -> str:
    """
    Return the URL of the link *target* on the page *url*.

    If the end of the path is the same, scheme, host and path stay ours: behind proxies,
    registries say http for https, leave out what precedes /v2/ in the path, or name the
    host that they have inside. Of another host, all of either path must be the same.
    """
    ours = urlsplit(url)
    try:
        linked = urlsplit(urljoin(url, target))
        near = linked.hostname == ours.hostname and linked.username is None
    except ValueError:
        linked, near = ours._replace(path=""), False
    shorter, longer = sorted([linked.path, ours.path], key=len)
    if not near and not (shorter and longer.endswith(shorter)):
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

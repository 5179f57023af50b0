"""Pure. Why a registry did not list, and what to do about it, in words."""

from collections.abc import Iterable

from bulkrepo.core.redaction import conceal
from bulkrepo.core.text import escape
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.migration.remote.products import RegistryProduct
from bulkrepo.swr.responses import read, said


def refusal(
    url: str,
    reply: Response | TransportFailure,
    product: RegistryProduct | None,
    *,
    named: str | None,
    secrets: Iterable[str] = (),
    less: str | None = None,
) -> str:
    """
    Say why *url* is not listed, and what to do.

    *named* is where the credential came from; *secrets* are not repeated. *less* is the
    URL that gives the names alone, where only their visibility is refused.
    """
    where = escape(url.partition("?")[0])  # a page's token is nobody's business
    answer = read(reply, request=Request("GET", url), now=0.0)
    if isinstance(reply, TransportFailure):
        what, todo = f"no answer: {reply.detail}", "Check the URL, proxy and --cacert"
        if reply.sent:  # it is there, but does not answer
            todo = _LATER
    else:
        what = f"answered {said(answer)}"
        todo = _todo(reply.status, product, named)
    if less is not None:
        todo += f". Names alone, without their visibility: give {less}"
    what = conceal(escape(what), secrets).rstrip(".")
    return f"{where}: {what}. {todo}. Nothing was written"


_LATER = "It was tried again, in vain: give the same command later"


def _todo(status: int, product: RegistryProduct | None, named: str | None) -> str:
    if 300 <= status < 400:
        return "Redirects are not followed: give the URL that it leads to"
    if status == 429 or status >= 500:
        return _LATER
    if product is None:
        return "Say which registry it is by --registry"
    if status in (401, 403) and named is None:
        return _upper(product.wanted)
    if status == 401:
        return f"Check {named}"
    if status == 403:
        return f"The account of {named} may not list this: {product.hint}"
    return _upper(product.hint)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]

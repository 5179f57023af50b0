"""Pure. Which product a registry is: by its URL, or else by asking."""

import re
from collections.abc import Generator, Mapping

import msgspec

from bulkrepo.core.errors import StoppedError
from bulkrepo.core.text import escape
from bulkrepo.http.headers import challenges, field
from bulkrepo.http.messages import Response
from bulkrepo.migration.remote.products import PRODUCTS, RegistryProduct, told
from bulkrepo.migration.remote.urls import RegistryUrl

_SERVICES: Mapping[str, str] = {
    "/service/token": "harbor",
    "/v2/auth": "quay",
    "/jwt/auth": "gitlab",
}
"""Path of a token service -> the product that has it."""


def discovery(
    place: RegistryUrl, registry: str | None
) -> Generator[str, Response, RegistryProduct]:
    """
    Yield URLs to ask without a credential, and return the product.

    *registry* is its name, if given. Raises StoppedError if no known product answers.
    """
    product = told(place, registry)
    if product is not None:
        return product
    ping = yield f"{place.origin}/v2/"
    for _, parameters in challenges(field(ping.headers, "www-authenticate")):
        service = re.match(r"(https?://[^/?#]+)([^?#]*)", parameters.get("realm", ""))
        name = _SERVICES.get(service[2]) if service is not None else None
        if service is not None and name == "gitlab":
            raise StoppedError(
                f"{place.origin} is the registry of a GitLab, which lists it: give "
                f"{escape(service[1])}/GROUP"
            )
        if name is not None:
            return PRODUCTS[name]
    # Harbor answers this without a login. It may have another token service, too.
    info = yield f"{place.origin}/api/v2.0/systeminfo"
    if info.status == 200 and "auth_mode" in _object(info):
        return PRODUCTS["harbor"]
    if _is_registry(ping):
        return PRODUCTS["distribution"]
    version = yield f"{place.origin}/api/v4/version"
    if field(version.headers, "x-gitlab-meta") or "revision" in _object(version):
        return PRODUCTS["gitlab"]
    if place.path and _is_registry((yield f"{place.origin}{place.path}/v2/")):
        return PRODUCTS["distribution"]
    raise StoppedError(
        f"{place.origin}: no known registry answers there (/v2/ answered "
        f"{ping.status}). Say which one it is: --registry {'|'.join(PRODUCTS)}; or "
        "save its listing and import that file"
    )


def _is_registry(reply: Response) -> bool:
    if field(reply.headers, "docker-distribution-api-version"):
        return True
    schemes = [name for name, _ in challenges(field(reply.headers, "www-authenticate"))]
    if reply.status == 401:
        return "bearer" in schemes or "basic" in schemes
    return reply.status == 200 and reply.body.strip() == b"{}"


def _object(reply: Response) -> Mapping[str, object]:
    try:
        return msgspec.json.decode(reply.body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}

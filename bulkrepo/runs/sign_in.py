"""Wiring. Endpoint and credential, from options, environment and files."""

import codecs
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec

from bulkrepo.core.errors import SettingsError
from bulkrepo.http.tls import trusted
from bulkrepo.swr import credentials, endpoints
from bulkrepo.swr.auth.protocol import Auth
from bulkrepo.swr.auth.token import Token
from bulkrepo.swr.credentials import lookup, openstack

_KEYS_FILE = Path("~/.huaweicloud/credentials")


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """SWR's *endpoint*, the URL of *iam* if known, and the credential."""

    endpoint: str
    auth: Auth
    iam: str | None = None


async def where(
    stack: AsyncExitStack, options: dict[str, Any], hide: Callable[[str], None]
) -> tuple[str, Auth]:
    """Return endpoint and credential: the sandbox's, or those that are set."""
    found = await whole(stack, options, hide)
    return found.endpoint, found.auth


async def whole(
    stack: AsyncExitStack, options: dict[str, Any], hide: Callable[[str], None]
) -> SignIn:
    """Return endpoint, credential and IAM's URL. Sets the option *cacert*."""
    if options["sandbox"]:
        from bulkrepo.sandbox import Sandbox  # noqa: PLC0415
        from bulkrepo.sandbox import Settings as Faults  # noqa: PLC0415

        box = await stack.enter_async_context(Sandbox(Faults(any_organization=True)))
        token = Token("the sandbox", lambda: box.settings.token)
        return SignIn(endpoint=box.url, auth=token, iam=box.url)
    environment = os.environ
    given = lookup.ProviderContext(
        environment=environment,
        read_file=_read_file,
        load_cloud=openstack.load,
        hide=hide,
        token_file=options["token_file"],
        keys_file=_keys_file(),
    )
    source = credentials.find(given, method=options["auth"])
    place = _place(options, environment, source)
    auth = source.build(place)
    for secret in auth.secrets():
        hide(secret)
    for named, cacert in (
        ("--cacert", options["cacert"]),
        ("OS_CACERT", environment.get("OS_CACERT")),
        (source.cacert_named, source.cacert),
    ):
        if cacert:
            trusted(cacert, named=named)  # fail before the lists are read
            options["cacert"] = cacert
            break
    return SignIn(endpoint=place.endpoint, auth=auth, iam=place.iam)


def _place(
    options: Mapping[str, Any],
    environment: Mapping[str, str],
    source: lookup.FoundCredential,
) -> lookup.Target:
    endpoint: str | None = options["endpoint"]
    region: str | None = options["region"]
    named = "--endpoint"
    if endpoint is None and region is None:
        endpoint, named = environment.get("SWR_ENDPOINT") or None, "SWR_ENDPOINT"
    region = (
        region
        or environment.get("HW_REGION_NAME")
        or environment.get("OS_REGION_NAME")
        or source.region
    )
    if endpoint is None:
        if region is None:
            raise SettingsError(
                "no endpoint: give --region or --endpoint, or set HW_REGION_NAME or "
                "SWR_ENDPOINT (to try bulkrepo without an account, add --sandbox)"
            )
        endpoint = endpoints.of_region(region)
    endpoint = endpoints.checked(endpoint, named=named)
    region = endpoints.region_of(endpoint) or region
    said = {
        "--iam-endpoint": options["iam_endpoint"],
        "SWR_IAM_ENDPOINT": environment.get("SWR_IAM_ENDPOINT"),
        source.auth_url_named: source.auth_url,
        "--region": region and endpoints.iam_of_region(region),
    }
    iam = next(
        (endpoints.checked_iam(url, named=name) for name, url in said.items() if url),
        None,
    )
    return lookup.Target(endpoint=endpoint, region=region, iam=iam)


def _keys_file() -> str | None:
    try:
        path = _KEYS_FILE.expanduser()
        return str(path) if path.is_file() else None
    except (RuntimeError, OSError):  # there is no home directory
        return None


_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order marks that Windows editors and shells write -> encoding."""


def _read_file(path: str, named: str) -> str:
    try:
        raw = Path(path).read_bytes()
        coding = next(
            (_MARKS[mark] for mark in _MARKS if raw.startswith(mark)), "ascii"
        )
        return raw.decode(coding)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not plain ASCII text"
        raise SettingsError(f"{named} {path}: {why}") from None

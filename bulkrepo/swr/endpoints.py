"""Pure. Where SWR's management API and IAM are, by region, and who may be spoken to."""

from urllib.parse import urlsplit

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.text import anonymous
from bulkrepo.http.urls import loopback

_CLOUDS = {
    "eu-de": "otc.t-systems.com",
    "eu-nl": "otc.t-systems.com",
    "eu-ch2": "sc.otc.t-systems.com",
    "eu-west-0": "prod-cloud-ocb.orange-business.com",
    "eu-west-101": "myhuaweicloud.eu",
    "ru-moscow-1": "hc.sbercloud.ru",
}
"""Regions of clouds that are not Huawei Cloud's own: region -> domain."""

_IAM = {"eu-ch2": "iam-pub"}
"""Regions where IAM's host does not begin with `iam`."""


def of_region(region: str) -> str:
    """Give a region's endpoint; of one that is not known, Huawei Cloud's form."""
    return f"https://swr-api.{_domain(region)}"


def iam_of_region(region: str) -> str:
    """Give the URL of a region's IAM; of one that is not known, Huawei Cloud's form."""
    return f"https://{_IAM.get(region, 'iam')}.{_domain(region)}"


def region_of(endpoint: str) -> str | None:
    """Give the region whose endpoint this is, if it is one."""
    name = endpoint.removeprefix("https://swr-api.").partition(".")[0]
    try:
        return name if of_region(name) == endpoint else None
    except SettingsError:
        return None


def registry_of(endpoint: str) -> str | None:
    """Give the host that images are pushed to, if *endpoint* is that of a region."""
    region = region_of(endpoint)
    return None if region is None else f"swr.{_domain(region)}"


def _domain(region: str) -> str:
    if not region.replace("-", "").isalnum() or not region.isascii():
        raise SettingsError(f"--region {region!r} is no region: write cn-north-4, say")
    return f"{region}.{_CLOUDS.get(region, 'myhuaweicloud.com')}"


def checked(endpoint: str, *, named: str = "--endpoint") -> str:
    """
    Give SWR's *endpoint* without a trailing slash, if a token may be sent there.

    *named* says where it comes from. Raises SettingsError for plain HTTP off this
    machine, and for what is no endpoint.
    """
    path = _path(endpoint, named, "https://swr-api.REGION.HOST", "a token")
    if path:
        raise SettingsError(
            f"{named} {endpoint!r}: leave the path out, it is part of every request"
        )
    return endpoint.rstrip("/")


def checked_iam(endpoint: str, *, named: str = "--iam-endpoint") -> str:
    """
    Give IAM's URL without `/v3`, if a password may be sent there.

    It may have a path, as Keystones have. Raises SettingsError as `checked` does.
    """
    _path(endpoint, named, "https://iam.REGION.HOST", "a password")
    return endpoint.rstrip("/").removesuffix("/v3").rstrip("/")


def _path(url: str, named: str, example: str, secret: str) -> str:
    """Give the path of *url*, if *secret* may be sent there."""
    try:
        parts = urlsplit(url)
        sane = parts.port != 0 and url.isprintable() and " " not in url
    except ValueError:  # a bracket that does not close, a port out of range
        sane = False
    if not sane or parts.scheme not in ("http", "https") or not parts.hostname:
        shown = anonymous(url)
        raise SettingsError(f"{named} {shown!r} is no URL: write {example}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError(f"{named}: give scheme, host and port only")
    if parts.scheme == "http" and not loopback(parts.hostname):
        raise SettingsError(
            f"{named} {url!r}: {secret} is not sent over plain http, "
            "except to this machine; write https://"
        )
    return parts.path.rstrip("/")

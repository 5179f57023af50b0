"""Pure. Where SWR's management API is, by region, and what may be spoken to."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from bulkrepo.model import SettingsError

_HOSTS = {
    "eu-de": "swr-api.eu-de.otc.t-systems.com",
    "eu-nl": "swr-api.eu-nl.otc.t-systems.com",
    "eu-ch2": "swr-api.eu-ch2.sc.otc.t-systems.com",
    "eu-west-0": "swr-api.eu-west-0.prod-cloud-ocb.orange-business.com",
    "eu-west-101": "swr-api.eu-west-101.myhuaweicloud.eu",
    "ru-moscow-1": "swr-api.ru-moscow-1.hc.sbercloud.ru",
}
"""Regions of clouds that are not Huawei Cloud's own: region -> host."""


def of_region(region: str) -> str:
    """Give a region's endpoint; of one that is not known, Huawei Cloud's form."""
    if not region.replace("-", "").isalnum() or not region.isascii():
        raise SettingsError(f"--region {region!r} is no region: write cn-north-4, say")
    host = _HOSTS.get(region, f"swr-api.{region}.myhuaweicloud.com")
    return f"https://{host}"


def checked(endpoint: str) -> str:
    """
    Give *endpoint* without a trailing slash, if a token may be sent there.

    Raises SettingsError for plain HTTP off this machine, and for what is no endpoint.
    """
    try:
        parts = urlsplit(endpoint)
        sane = parts.port != 0 and endpoint.isprintable() and " " not in endpoint
    except ValueError:  # a bracket that does not close, a port out of range
        sane = False
    if not sane or parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(
            f"--endpoint {endpoint!r} is no URL: write https://swr-api.REGION.HOST"
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError("--endpoint: give scheme, host and port only")
    if parts.path.rstrip("/"):
        raise SettingsError(
            f"--endpoint {endpoint!r}: leave the path out, it is part of every request"
        )
    if parts.scheme == "http" and not _loopback(parts.hostname):
        raise SettingsError(
            f"--endpoint {endpoint!r}: a token is not sent over plain http, "
            "except to this machine; write https://"
        )
    return endpoint.rstrip("/")


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name: 127.0.0.1.example.org may be anywhere
        return False

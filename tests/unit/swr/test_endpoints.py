"""Where SWR is, and where a token may be sent."""

import pytest

from bulkrepo.core.errors import SettingsError
from bulkrepo.swr.endpoints import (
    checked,
    checked_iam,
    iam_of_region,
    of_region,
    region_of,
)


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("cn-north-4", "https://swr-api.cn-north-4.myhuaweicloud.com"),
        ("ap-southeast-3", "https://swr-api.ap-southeast-3.myhuaweicloud.com"),
        ("eu-west-101", "https://swr-api.eu-west-101.myhuaweicloud.eu"),
        ("eu-de", "https://swr-api.eu-de.otc.t-systems.com"),
        ("eu-nl", "https://swr-api.eu-nl.otc.t-systems.com"),
        ("eu-ch2", "https://swr-api.eu-ch2.sc.otc.t-systems.com"),
        ("eu-west-0", "https://swr-api.eu-west-0.prod-cloud-ocb.orange-business.com"),
        ("ru-moscow-1", "https://swr-api.ru-moscow-1.hc.sbercloud.ru"),
    ],
)
def test_region_leads_to_its_management_host(region: str, endpoint: str) -> None:
    """Clouds that are not Huawei Cloud's own have hosts of their own."""
    assert of_region(region) == endpoint
    assert checked(endpoint) == endpoint
    assert region_of(endpoint) == region


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("cn-north-4", "https://iam.cn-north-4.myhuaweicloud.com"),
        ("eu-west-101", "https://iam.eu-west-101.myhuaweicloud.eu"),
        ("eu-de", "https://iam.eu-de.otc.t-systems.com"),
        ("eu-nl", "https://iam.eu-nl.otc.t-systems.com"),
        ("eu-ch2", "https://iam-pub.eu-ch2.sc.otc.t-systems.com"),
        ("eu-west-0", "https://iam.eu-west-0.prod-cloud-ocb.orange-business.com"),
        ("ru-moscow-1", "https://iam.ru-moscow-1.hc.sbercloud.ru"),
    ],
)
def test_region_leads_to_its_iam(region: str, url: str) -> None:
    """The Swiss one has a name of its own."""
    assert iam_of_region(region) == url
    assert checked_iam(url) == url


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://swr-api.cn-north-4.evil.example",
        "https://swr-api.eu-de.myhuaweicloud.com",
        "http://swr-api.cn-north-4.myhuaweicloud.com",
        "https://swr-api.cn-north-4.myhuaweicloud.com:8443",
        "https://swr.cn-north-4.myhuaweicloud.com",
        "http://127.0.0.1:8099",
        "",
    ],
)
def test_no_other_endpoint_tells_a_region(endpoint: str) -> None:
    """A password goes to no IAM that somebody's host name made up."""
    assert region_of(endpoint) is None


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://iam.example.org/v3", "https://iam.example.org"),
        ("https://iam.example.org/v3/", "https://iam.example.org"),
        ("https://example.org/identity/v3", "https://example.org/identity"),
        ("https://example.org/identity", "https://example.org/identity"),
        ("http://127.0.0.1:5000/v3", "http://127.0.0.1:5000"),
    ],
)
def test_iam_may_be_said_with_its_version(url: str, wanted: str) -> None:
    """As `OS_AUTH_URL` is; a Keystone may have a path before it."""
    assert checked_iam(url) == wanted


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("iam.example.org", "HW_AUTH_URL 'iam.example.org' is no URL: write https://i"),
        ("http://iam.example.org/v3", "a password is not sent over plain http"),
        ("https://user:secret@iam.example.org", "HW_AUTH_URL: give scheme"),
        ("user:secret@iam.example.org", r"'\*\*\*@iam.example.org' is no URL"),
        ("ftp://user:se/secret?@h", r"'ftp://\*\*\*@h' is no URL"),
        ("https://iam.example.org?a=b", "HW_AUTH_URL: give scheme"),
    ],
)
def test_iam_is_refused_where_a_password_may_not_go(url: str, why: str) -> None:
    """What named it is named; a password in it is not."""
    with pytest.raises(SettingsError, match=why) as raised:
        checked_iam(url, named="HW_AUTH_URL")

    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("region", ["", "-", "a.b", "a/b", "a b", "evil.org#", "é"])
def test_region_is_refused_when_it_is_none(region: str) -> None:
    """No region can make another host of the endpoint."""
    with pytest.raises(SettingsError, match="is no region"):
        of_region(region)


@pytest.mark.parametrize(
    ("endpoint", "wanted"),
    [
        ("https://swr-api.example.org", "https://swr-api.example.org"),
        ("https://swr-api.example.org/", "https://swr-api.example.org"),
        ("https://swr-api.example.org:8443", "https://swr-api.example.org:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_endpoint_is_taken(endpoint: str, wanted: str) -> None:
    """HTTPS anywhere, plain HTTP on this machine."""
    assert checked(endpoint) == wanted


@pytest.mark.parametrize(
    ("endpoint", "why"),
    [
        ("", "is no URL"),
        ("swr-api.example.org", "is no URL"),
        ("ftp://swr-api.example.org", "is no URL"),
        ("https://", "is no URL"),
        ("https://[::1", "is no URL"),
        ("https://example.org:99999", "is no URL"),
        ("https://example.org:0", "is no URL"),
        ("https://example.org:http", "is no URL"),
        (" https://example.org", "is no URL"),
        ("https://example.org\n", "is no URL"),
        ("https://exam\tple.org", "is no URL"),
        ("https://user:secret@example.org", "scheme, host and port only"),
        ("https://example.org?a=b", "scheme, host and port only"),
        ("https://example.org#a", "scheme, host and port only"),
        ("https://example.org/v2/manage", "leave the path out"),
        ("http://swr-api.example.org", "not sent over plain http"),
        ("http://127.0.0.1.example.org", "not sent over plain http"),
        ("http://127.example.org", "not sent over plain http"),
        ("http://localhost.example.org", "not sent over plain http"),
        ("http://10.0.0.1", "not sent over plain http"),
        ("http://0.0.0.0", "not sent over plain http"),
    ],
)
def test_endpoint_is_refused(endpoint: str, why: str) -> None:
    """No token leaves for a place that cannot be meant."""
    with pytest.raises(SettingsError, match=why) as raised:
        checked(endpoint)

    assert "secret" not in str(raised.value)

"""Which hosts are this machine."""

from ipaddress import ip_address


def loopback(host: str) -> bool:
    """Tell whether *host* is this machine, whoever is asked where it is."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name: 127.0.0.1.example.org may be anywhere
        return False

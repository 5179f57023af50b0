"""Whom to trust: the system's certificates, or a bundle."""

import ssl

from bulkrepo.core.errors import SettingsError


def trusted(cacert: str | None, *, named: str = "--cacert") -> ssl.SSLContext | None:
    """
    Trust the certificates in the file *cacert*; None: those of the system.

    SettingsError if it has none; *named* says where the file's name comes from.
    """
    if cacert is None:
        return None
    try:
        return ssl.create_default_context(cafile=cacert)
    except OSError as error:
        raise SettingsError(
            f"{named} {cacert}: {error.strerror or 'contains no certificate'}"
        ) from error

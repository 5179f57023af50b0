"""Edge. A cloud of OpenStack's clouds.yaml, as OpenStack's own loader reads it."""

import warnings
from collections.abc import Mapping
from typing import Any

from bulkrepo.model import SettingsError


def load(name: str) -> Mapping[str, Any]:
    """
    Give cloud *name*, what its profile and secure.yaml add included.

    Raises SettingsError if there is none, or no loader.
    """
    try:
        from openstack.config import OpenStackConfig  # noqa: PLC0415 - an extra
        from openstack.exceptions import ConfigException  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            "OS_CLOUD is set, and clouds.yaml is read by OpenStack's own loader, which "
            "is not installed: pip install 'bulkrepo[clouds]'"
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns about itself
            cloud = OpenStackConfig().get_one(cloud=name, validate=False)
    except ConfigException as error:
        raise SettingsError(f"OS_CLOUD {name}: {error}") from None
    config: Mapping[str, Any] = cloud.config
    return config

"""Edge. A cloud of OpenStack's clouds.yaml, as OpenStack's own loader reads it."""

from collections.abc import Mapping
from typing import Any

from bulkrepo.model import SettingsError


def load(name: str) -> Mapping[str, Any]:
    """
    Give cloud *name*, what its profile and secure.yaml add included.

    Raises SettingsError if there is none, or no loader.
    """
    try:
        import yaml  # noqa: PLC0415 - comes with the extra
        from openstack.config import OpenStackConfig  # noqa: PLC0415
        from openstack.exceptions import ConfigException  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            "OS_CLOUD is set, and clouds.yaml is read by OpenStack's own loader, which "
            "is not installed: pip install 'bulkrepo[clouds]'"
        ) from error
    try:
        config: Mapping[str, Any] = (
            OpenStackConfig().get_one(cloud=name, validate=False).config
        )
    except ConfigException as error:
        raise SettingsError(f"OS_CLOUD {name}: {error}") from error
    except yaml.MarkedYAMLError as error:  # whose text quotes the line
        mark = error.problem_mark
        where = f"{mark.name}, line {mark.line + 1}" if mark else "clouds.yaml"
        raise SettingsError(f"OS_CLOUD {name}: {where}: not YAML") from None
    return config

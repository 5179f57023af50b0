"""Edge. A cloud of OpenStack's clouds.yaml, as OpenStack's own loader reads it."""

import logging
import warnings
from collections.abc import Mapping
from json import JSONDecodeError
from typing import Any

from bulkrepo.core.errors import SettingsError


class _LogRelay(logging.Handler):
    """Hears which files the loader passes *over*, as broken: it only logs that."""

    def __init__(self) -> None:
        super().__init__()
        self.over: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep path and line; the reason may quote the file, and so a secret."""
        match record.args:
            case (str(path), Exception() as error):
                self.over.append(_broken(path, error))


def _broken(path: str, error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    line = getattr(error, "lineno", None) if mark is None else mark.line + 1
    return f"{path}, which is broken" + ("" if line is None else f" (line {line})")


def load(name: str) -> Mapping[str, Any]:
    """
    Give cloud *name*, what its profile and secure.yaml add included.

    Raises SettingsError if there is none, or no loader.
    """
    try:
        import yaml  # noqa: PLC0415 - slow, and seldom needed
        from openstack.config import OpenStackConfig  # noqa: PLC0415 - an extra
        from openstack.exceptions import ConfigException  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            "OS_CLOUD is set, and clouds.yaml is read by OpenStack's own loader, which "
            "is not installed: pip install 'bulkrepo[clouds]'"
        ) from error
    passed = _LogRelay()
    log = logging.getLogger("openstack.config")
    log.addHandler(passed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns about itself
            cloud = OpenStackConfig().get_one(cloud=name, validate=False)
    except ConfigException as error:
        broken = "".join(f". It does not read {path}" for path in passed.over)
        said = str(error).rstrip(".")
        raise SettingsError(f"OS_CLOUD {name}: {said}{broken}") from None
    except (JSONDecodeError, UnicodeDecodeError, yaml.YAMLError) as error:
        # openstacksdk 4.0 passes over no file.
        mark = getattr(error, "problem_mark", error)
        path = getattr(mark, "name", "its configuration")
        raise SettingsError(
            f"OS_CLOUD {name}: OpenStack's loader does not read {_broken(path, error)}"
        ) from None
    finally:
        log.removeHandler(passed)
    config: Mapping[str, Any] = cloud.config
    return config

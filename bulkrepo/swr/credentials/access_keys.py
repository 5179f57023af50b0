"""Pure. Access keys, from the environment or from the vendor's credentials file."""

from configparser import ConfigParser, Error, MissingSectionHeaderError, ParsingError
from functools import partial
from typing import Any

from bulkrepo.core.errors import SettingsError
from bulkrepo.swr.auth.access_key import AccessKey
from bulkrepo.swr.auth.protocol import Auth
from bulkrepo.swr.credentials.lookup import FoundCredential, ProviderContext, Target

_KEYS = (
    ("HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN"),
    ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"),
    ("OS_ACCESS_KEY", "OS_SECRET_KEY", "OS_SECURITY_TOKEN"),
)
"""Access key, secret key, and the security token of temporary keys."""

_KEYS_FILE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
_PROJECT_IDS = ("HW_PROJECT_ID", "HUAWEICLOUD_SDK_PROJECT_ID", "OS_PROJECT_ID")
_PROJECT_NAMES = ("HW_PROJECT_NAME", "OS_PROJECT_NAME")


def from_environment(given: ProviderContext) -> FoundCredential | None:
    """Return the first keys in the environment; SettingsError if incomplete."""
    for names in _KEYS:
        access_key, secret_key, security_token = map(given.at, names)
        if access_key is None and secret_key is None and security_token is None:
            continue
        if access_key is None or secret_key is None:
            there = ", ".join(name for name in names if given.at(name))
            missing = names[0] if access_key is None else names[1]
            raise SettingsError(
                f"{there} is set, but {missing} is not: set it too, or unset {there}"
            )
        stray = None if security_token else _stray(given)
        if stray is not None:
            raise SettingsError(
                f"{stray} is set without a key of its kind: if it belongs to "
                f"{names[0]}, set {names[2]} to its value; else unset it"
            )
        build = partial(
            _signer,
            given,
            names=dict(zip(_PARTS, names, strict=True)) | _project(given),
            access_key=access_key,
            secret_key=secret_key,
            security_token=security_token,
            project_id=given.at(*_PROJECT_IDS),
        )
        return FoundCredential(build=build)
    return None


def _stray(given: ProviderContext) -> str | None:
    """Return the variable of a security token without a key of its own family."""
    return next((t for *keys, t in _KEYS if given.at(t) and not given.at(*keys)), None)


def _project(given: ProviderContext) -> dict[str, str]:
    """Return which variable has the project's id; the vendor's if none is set."""
    told = (name for name in _PROJECT_IDS if given.at(name))
    return {"project_id": next(told, _PROJECT_IDS[0])}


_PARTS = ("access_key", "secret_key", "security_token")


def _signer(given: ProviderContext, place: Target, **parts: Any) -> Auth:
    """Return keys for *place*; they need a project's id, not its name."""
    project = given.at(*_PROJECT_NAMES)
    by_default = project is None or place.region in (None, project)
    if parts["project_id"] is None and not by_default:
        raise SettingsError(
            f"an access key needs the project's id, not its name: set HW_PROJECT_ID to "
            f"that of {project} (or unset the name to use the region's own project)"
        )
    return AccessKey(endpoint=place.endpoint, **parts)


def from_named_file(given: ProviderContext) -> FoundCredential | None:
    """Return the keys from the file that the environment names."""
    path = given.at(_KEYS_FILE)
    return None if path is None else _from_file(given, path, _KEYS_FILE)


def from_usual_file(given: ProviderContext) -> FoundCredential | None:
    """Return the keys from the file at its usual place."""
    if given.keys_file is None:
        return None
    return _from_file(given, given.keys_file, "the credentials file")


def _from_file(given: ProviderContext, path: str, named: str) -> FoundCredential:
    """Read the vendor's credentials file: INI, `ak` and `sk` under `basic`."""
    text = given.read_file(path, named)
    parser = ConfigParser(interpolation=None)
    line = None
    try:
        parser.read_string(text)
    except MissingSectionHeaderError as error:
        line = error.lineno
    except ParsingError as error:
        line = error.errors[0][0]
    except Error as error:  # its text quotes the line, and with it the secret
        line = getattr(error, "lineno", 0)
    if line is not None:
        raise SettingsError(f"{path}:{line}: not an INI file with a [basic] section")
    section = next((name for name in ("basic", "global") if name in parser), None)
    found = dict(parser[section]) if section is not None else {}
    missing = next((name for name in ("ak", "sk") if not found.get(name)), None)
    if missing is not None:
        raise SettingsError(
            f"{named} {path}: {missing} is missing under [{section or 'basic'}]"
        )
    build = partial(
        _signer,
        given,
        names={
            "access_key": f"ak of {path}",
            "secret_key": f"sk of {path}",
            "security_token": f"security_token of {path}",
            **(
                {"project_id": f"project_id of {path}"}
                if found.get("project_id")
                else _project(given)
            ),
        },
        access_key=found["ak"],
        secret_key=found["sk"],
        security_token=found.get("security_token") or None,
        project_id=found.get("project_id") or given.at(*_PROJECT_IDS),
    )
    return FoundCredential(build=build)

"""
Edge. The configuration files of Docker and Podman, and their credential helpers.

The only module that runs a program: `docker-credential-NAME get`, as Docker does, with
the server on its standard input. Source: docker-credential-helpers.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.text import shown
from bulkrepo.migration.remote.docker_credentials import DockerConfig

_NAME = re.compile(r"[\w.-]+", re.ASCII)
_NOTHING = b"credentials not found"
"""How a helper says that it has nothing for a server."""

_TIMEOUT = 120.0
"""Seconds; a helper may have to ask a person, or a cloud."""


def configurations(environment: Mapping[str, str]) -> Iterator[DockerConfig]:
    """
    Yield Docker's `config.json` and Podman's `auth.json`, in the order of precedence.

    Raises SettingsError for one that exists but cannot be read.
    """
    for name in _names(environment):
        try:
            path = Path(name).expanduser()
            yield DockerConfig(str(path), path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            yield DockerConfig(str(path), None)
        except RuntimeError:  # there is no home directory
            yield DockerConfig(name, None)
        except (OSError, UnicodeDecodeError) as error:
            if isinstance(error, PermissionError) and path.parent.name == "containers":
                continue  # somebody else's, after `su`
            why = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise SettingsError(f"{path}: cannot be read: {why}") from None


def _names(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield paths; for Podman, Buildah and Skopeo as in containers-auth.json(5)."""
    if named := environment.get("REGISTRY_AUTH_FILE"):
        yield named
    yield f"{environment.get('DOCKER_CONFIG') or '~/.docker'}/config.json"
    runtime = environment.get("XDG_RUNTIME_DIR")
    where = f"{runtime}/containers" if runtime else f"/run/containers/{os.getuid()}"
    yield f"{where}/auth.json"
    yield f"{environment.get('XDG_CONFIG_HOME') or '~/.config'}/containers/auth.json"


def helper(name: str, server: str) -> bytes | None:
    """
    Ask the credential helper *name* for *server*; None if it has nothing.

    Raises SettingsError if it is missing or fails.
    """
    program = shutil.which(f"docker-credential-{name}") if _NAME.fullmatch(name) else ""
    name, host = shown(name), shown(server)
    if not program:
        raise SettingsError(
            f"docker-credential-{name}, which Docker's configuration names for "
            f"{host}, is not on the PATH: install it, or set BULKREPO_REGISTRY_USER "
            "and BULKREPO_REGISTRY_PASSWORD"
        )
    try:
        done = subprocess.run(  # noqa: S603 - a program that the user configured
            [program, "get"],
            input=server.encode(),
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = getattr(error, "strerror", None) or f"no answer in {_TIMEOUT:.0f} s"
        raise SettingsError(f"docker-credential-{name}: {why}") from None
    if done.returncode == 0:
        return done.stdout
    # Without its own words: they may hold a secret.
    if _NOTHING in (done.stdout + done.stderr).lower():
        return None
    raise SettingsError(
        f"docker-credential-{name} get: failed for {host} (exit "
        f"{done.returncode}). Try it by hand, or set BULKREPO_REGISTRY_USER and "
        "BULKREPO_REGISTRY_PASSWORD"
    )

"""Wiring. Where to, and who as: from options, environment and files."""

import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bulkrepo import auth, endpoints
from bulkrepo.auth import Auth
from bulkrepo.logs import LogControl
from bulkrepo.model import SettingsError


async def where(
    stack: AsyncExitStack, options: dict[str, Any], log: LogControl
) -> tuple[str, Auth]:
    """Give endpoint and credential: of the sandbox, or from options and environment."""
    if options["sandbox"]:
        from bulkrepo.sandbox import Sandbox  # noqa: PLC0415
        from bulkrepo.sandbox import Settings as Faults  # noqa: PLC0415

        box = await stack.enter_async_context(Sandbox(Faults(any_organization=True)))
        return box.url, auth.Token("the sandbox", lambda: box.settings.token)

    def read_file(path: str) -> str:
        token = _read_file(path)
        log.hide(token.strip())
        return token

    environment = os.environ
    for name in auth.TOKEN_VARIABLES:
        if environment.get(name):
            log.hide(environment[name].strip())
    endpoint = options["endpoint"]
    region = options["region"]
    if endpoint is None and region is None:
        endpoint = environment.get("SWR_ENDPOINT")
        region = environment.get("HW_REGION_NAME") or environment.get("OS_REGION_NAME")
    if endpoint is None and region is None:
        raise SettingsError(
            "where? Give --region or --endpoint, or set HW_REGION_NAME or SWR_ENDPOINT "
            "(to try things out without an account, add --sandbox)"
        )
    if endpoint is None:
        endpoint = endpoints.of_region(region)
    return endpoints.checked(endpoint), auth.choose(
        environment, token_file=options["token_file"], read_file=read_file
    )


def _read_file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a token"
        raise SettingsError(f"--token-file {path}: {why}") from error

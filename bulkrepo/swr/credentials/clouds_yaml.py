"""Pure. A credential from OpenStack's clouds.yaml."""

from typing import Any

from bulkrepo.core.errors import SettingsError
from bulkrepo.swr.auth.token import Token
from bulkrepo.swr.credentials.lookup import FoundCredential, ProviderContext
from bulkrepo.swr.credentials.passwords import whole


def from_cloud(given: ProviderContext) -> FoundCredential | None:
    """Take the cloud that OS_CLOUD names; its password may be in OS_PASSWORD."""
    name = given.at("OS_CLOUD")
    if name is None:
        return None
    config = given.load_cloud(name)
    auth = config.get("auth") or {}

    def at(*keys: str) -> str | None:
        return next((str(auth[key]) for key in keys if auth.get(key)), None)

    where = f"cloud {name} of clouds.yaml"
    kind = str(config.get("auth_type") or "password").removeprefix("v3")
    place: dict[str, Any] = {
        "region": config.get("region_name"),
        "cacert": config.get("cacert"),
        "cacert_named": f"cacert of {where}",
    }
    token = at("token")
    if token is not None and kind in ("token", "password"):
        return FoundCredential(build=lambda _: Token(where, lambda: token), **place)
    if kind not in ("password", "totp", "multifactor"):
        raise SettingsError(
            f"{where}: SWR does not support auth_type {kind}: use password"
        )
    fields = {
        "user_name": at("username"),
        "user_id": at("user_id"),
        "password": at("password") or given.at("OS_PASSWORD"),
        "domain_name": at("user_domain_name", "domain_name", "project_domain_name"),
        "domain_id": at("user_domain_id", "domain_id"),
        "project_name": at("project_name", "tenant_name"),
        "project_id": at("project_id", "tenant_id"),
        "project_domain_name": at("project_domain_name"),
        "project_domain_id": at("project_domain_id"),
        "passcode": at("passcode") or given.at("OS_PASSCODE"),
    }
    names = {
        "user": f"username of {where}",
        "password": f"password of {where} (or OS_PASSWORD)",
        "domain": f"user_domain_name of {where}",
        "project": f"project_name of {where}",
        "project_domain": f"project_domain_name of {where}",
        "passcode": "OS_PASSCODE",
    }
    place |= {"auth_url": at("auth_url"), "auth_url_named": f"auth_url of {where}"}
    return whole(given, fields, name=where, names=names, **place)

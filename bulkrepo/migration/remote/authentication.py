"""
Pure. The headers that authenticate requests to a registry, and their renewal.

Sources: RFC 7617 (Basic); Distribution's Token and OAuth2 Token Authentication; GitLab
REST API, Authentication; Docker Hub API, Create access token.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from bulkrepo.core.errors import SettingsError, StoppedError
from bulkrepo.core.redaction import conceal
from bulkrepo.core.text import escape
from bulkrepo.http import urls
from bulkrepo.http.headers import challenges, field
from bulkrepo.http.messages import Request, Response
from bulkrepo.migration.remote.docker_credentials import USER, RegistryLogin
from bulkrepo.migration.remote.products import RegistryProduct, hub
from bulkrepo.migration.remote.urls import RegistryUrl

_CATALOG = "registry:catalog:*"
_LIFE = 60.0
"""Seconds that a token lives by default, says the specification."""

_FORM = "application/x-www-form-urlencoded"


class TokenRequest(Request, frozen=True, gc=False):
    """A request for a token; its repr shows no secrets."""

    headers: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return f"Asking({self.method} {self.path.partition('?')[0]})"

    def __rich_repr__(self) -> Any:
        yield repr(self)


class RegistryAuth:
    """
    Authenticates requests to one registry, and knows how to get a token for it.

    A credential that the product takes directly is sent at once: a registry that
    answers anybody would otherwise list only what is public.
    """

    def __init__(
        self, place: RegistryUrl, product: RegistryProduct, login: RegistryLogin | None
    ) -> None:
        self._place, self._product, self._login = place, product, login
        self._headers: dict[str, str] = {}
        self._asking: TokenRequest | None = None
        self._until = float("-inf")
        self._token: str | None = None
        if login is not None:
            self._begin(login)

    @property
    def named(self) -> str | None:
        """Where the credential in use comes from."""
        login = self._login
        used = self._headers or self._asking or (login is not None and login.identity)
        return login.named if login is not None and used else None

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers for a request now."""
        return self._headers

    def secrets(self) -> tuple[str, ...]:
        """Give what must not be shown."""
        ours = self._login.secrets() if self._login is not None else ()
        return (*ours, self._token) if self._token else ours

    def due(self, now: float) -> TokenRequest | None:
        """Give the request for a token that has to be sent first, if any."""
        return self._asking if self._until <= now else None

    def refused(self, reply: Response) -> bool:
        """Take in the 401 *reply*; True if it is worth asking again."""
        if self._product.signs == "hub" and self._asking is not None:
            self._until = float("-inf")
            return True
        if self._product.signs != "registry" or (self._login and self._login.token):
            return False
        for scheme, parameters in challenges(field(reply.headers, "www-authenticate")):
            if scheme == "bearer" and parameters.get("realm"):
                self._asking = self._for_token(parameters)
                self._until = float("-inf")
                return True
            # Basic was sent at once, if there is a password.
        return False

    def accept(self, reply: Response, now: float) -> None:
        """
        Take the token out of *reply*, which came at *now* (monotonic seconds).

        Raises StoppedError where there is none.
        """
        asking = self._asking
        if asking is None:
            raise RuntimeError("no token was asked for")
        where = asking.path.partition("?")[0]
        try:
            said = msgspec.json.decode(reply.body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            said = {}
        token = said.get("access_token") or said.get("token")
        if reply.status not in (200, 201) or not isinstance(token, str):
            login = self._login
            todo = f"check {login.named}" if login is not None else self._product.wanted
            raise StoppedError(
                f"{where}: gives no token (answered {reply.status}{self._said(said)}). "
                f"{todo}. Nothing was written"
            )
        if not token.isascii() or not token.isprintable() or " " in token:
            raise StoppedError(f"{where}: what it gives is no token")
        life = said.get("expires_in")
        life = float(life) if isinstance(life, int | float) and life > 0 else _LIFE
        if self._product.signs == "hub":
            life = float("inf")  # it does not say; a 401 tells
        self._until = now + life - min(10.0, life / 10)
        self._token = token
        self._headers = {"Authorization": f"Bearer {token}"}

    def _begin(self, login: RegistryLogin) -> None:
        match self._product.signs:
            case "private":
                # What docker login keeps is for the registry, not for the API.
                if login.token:
                    self._headers = {"PRIVATE-TOKEN": login.token}
                else:
                    self._only_token(login)
            case "bearer":
                if login.token:
                    self._headers = {"Authorization": f"Bearer {login.token}"}
                else:
                    self._only_token(login)
            case "hub" if login.password:
                self._asking = TokenRequest(
                    "POST",
                    f"{hub(self._place)}/v2/auth/token",
                    msgspec.json.encode(
                        {"identifier": login.user, "secret": login.password}
                    ),
                )
            case _:
                if login.token:
                    self._headers = {"Authorization": f"Bearer {login.token}"}
                elif login.basic:
                    self._headers = {"Authorization": login.basic}

    def _only_token(self, login: RegistryLogin) -> None:
        if login.named.startswith(USER):
            raise SettingsError(
                f"{login.named}: {self._product.title}'s API takes no password: "
                f"instead, {self._product.wanted}"
            )

    def _for_token(self, parameters: Mapping[str, str]) -> TokenRequest:
        realm, login = parameters["realm"], self._login
        self._check(realm)
        query = [("service", parameters["service"])] if "service" in parameters else []
        scopes = parameters.get("scope", _CATALOG).split()
        if login is not None and login.identity:
            form = [
                ("grant_type", "refresh_token"),
                *query,
                ("client_id", "bulkrepo"),
                ("scope", " ".join(scopes)),
                ("refresh_token", login.identity),
            ]
            return TokenRequest(
                "POST",
                realm,
                urlencode(form).encode(),
                headers={"Content-Type": _FORM},
            )
        query += [("scope", scope) for scope in scopes]
        headers = {}
        if login is not None and login.basic:
            query.append(("account", login.user))
            headers["Authorization"] = login.basic
        mark = "&" if "?" in realm else "?"
        return TokenRequest("GET", realm + mark + urlencode(query), headers=headers)

    def _check(self, realm: str) -> None:
        """Refuse a token service to which no credential may be sent."""
        try:
            parts = urlsplit(realm)
            host = parts.hostname or ""
        except ValueError:
            parts, host = urlsplit(""), ""
        ours = self._place.origin.startswith("http://")
        safe = parts.scheme == "https" or (
            parts.scheme == "http" and ours and urls.loopback(host)
        )
        sane = realm.isascii() and realm.isprintable() and " " not in realm
        if not (safe and host and sane) or parts.username is not None:
            raise StoppedError(
                f"{self._place.origin}: sends for a token to {escape(realm[:200])}, "
                "and no credential goes there: it has to be https"
            )

    def _said(self, body: Mapping[str, Any]) -> str:
        """Give the error message of a token service, without our secrets."""
        for key in ("details", "message", "error_description", "error", "detail"):
            if isinstance(body.get(key), str):
                return ": " + escape(conceal(body[key][:200], self.secrets()))
        errors = body.get("errors")
        first = errors[0] if isinstance(errors, list) and errors else None
        return self._said(first) if isinstance(first, dict) else ""

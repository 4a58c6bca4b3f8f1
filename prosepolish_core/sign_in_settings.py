"""The settings of signing in to the dashboard: an OpenID Connect provider, who has which role, and for how long."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from .addresses.upstream_address import check_web_address
from .roles import RoleList
from .setting import setting

DISCOVERY = "/.well-known/openid-configuration"
CALLBACK = "/oauth2callback"
#: Without these nobody can be signed in.
NEEDED = (
    "PROSEPOLISH_OIDC_CLIENT_ID",
    "PROSEPOLISH_OIDC_CLIENT_SECRET",
    "PROSEPOLISH_COOKIE_SECRET",
    "PROSEPOLISH_ROLES",
    "PROSEPOLISH_DASHBOARD_URL",
)


class SignInSettings(BaseModel):
    """Part of Config. Nobody is asked who they are while PROSEPOLISH_OIDC_URL is empty."""

    oidc_url: str = setting("PROSEPOLISH_OIDC_URL", "", "OpenID Connect provider that signs people in: its issuer's address")
    oidc_client_id: str = setting("PROSEPOLISH_OIDC_CLIENT_ID", "", "The dashboard's client id at that provider")
    oidc_client_secret: SecretStr | None = setting(
        "PROSEPOLISH_OIDC_CLIENT_SECRET", None, "The dashboard's client secret at that provider"
    )
    cookie_secret: SecretStr | None = setting(
        "PROSEPOLISH_COOKIE_SECRET", None, "Signs the cookie of whoever is signed in; at least 32 characters"
    )
    roles: str = setting("PROSEPOLISH_ROLES", "", "Who has which role: role=who, separated by commas; see docs/operations.md")
    roles_claim: str = setting("PROSEPOLISH_ROLES_CLAIM", "groups", "The claim in which the provider tells somebody's groups")
    sign_in_s: Annotated[int, Field(ge=60, le=30 * 86_400)] = setting(
        "PROSEPOLISH_SIGN_IN_S", 8 * 3600, "Seconds after which somebody has to sign in again"
    )
    dashboard_url: str = setting("PROSEPOLISH_DASHBOARD_URL", "", "Where people reach the dashboard: the links in messages")

    @field_validator("oidc_url", "dashboard_url")
    @classmethod
    def _is_a_web_address(cls, value: str) -> str:
        if value:
            check_web_address(value)
        return value

    @field_validator("roles")
    @classmethod
    def _roles_can_be_read(cls, value: str) -> str:
        RoleList.read(value)
        return value

    @field_validator("cookie_secret")
    @classmethod
    def _long_enough_to_sign(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("it needs at least 32 characters")
        return value

    @model_validator(mode="after")
    def _sign_in_is_whole(self) -> Self:
        given = (self.oidc_client_id, self.oidc_client_secret, self.cookie_secret, self.roles, self.dashboard_url)
        if self.oidc_url and (missing := [name for name, value in zip(NEEDED, given, strict=True) if not value]):
            raise ValueError(f"PROSEPOLISH_OIDC_URL signs people in only together with {', '.join(missing)}")
        return self

    @property
    def signs_in(self) -> bool:
        """Whether people are asked who they are."""
        return bool(self.oidc_url)

    @property
    def role_list(self) -> RoleList:
        """Who has which role."""
        return RoleList.read(self.roles)

    def auth_section(self) -> dict[str, Any]:
        """What the web framework wants to know of the provider. Holds secrets: hand it on, never keep or print it."""
        if not self.signs_in or self.oidc_client_secret is None or self.cookie_secret is None:
            return {}
        url = self.oidc_url if self.oidc_url.endswith(DISCOVERY) else f"{self.oidc_url.rstrip('/')}{DISCOVERY}"
        return {
            "redirect_uri": f"{self.dashboard_url.rstrip('/')}{CALLBACK}",
            "cookie_secret": self.cookie_secret.get_secret_value(),
            "client_id": self.oidc_client_id,
            "client_secret": self.oidc_client_secret.get_secret_value(),
            "server_metadata_url": url,
        }

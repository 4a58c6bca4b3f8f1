"""Every name of OpenTelemetry's conventions that we use: `db.client.*` is stable, `gen_ai.client.*` is not yet.

No attribute holds a word, a text, a key, a token or a user: what a call was about stays in the process.
"""

from collections.abc import Mapping

from ..model.outcome import FAILED, Tier, TraceStep

SCOPE = "prosepolish_core"
DB_DURATION, LLM_DURATION, LLM_TOKENS = (
    "db.client.operation.duration",
    "gen_ai.client.operation.duration",
    "gen_ai.client.token.usage",
)
#: Bucket bounds that the conventions ask for, in seconds and in tokens.
DB_BOUNDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
LLM_BOUNDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKEN_BOUNDS = tuple(4.0**power for power in range(14))
LLM = {"gen_ai.operation.name": "generate_content", "gen_ai.provider.name": "gcp.gemini"}
#: What asking a tier is called, and what it is.
TIERS: Mapping[Tier, tuple[str, Mapping[str, str]]] = {
    Tier.REDIS: ("GET", {"db.system.name": "redis", "db.operation.name": "GET"}),
    Tier.POSTGRES: ("SELECT", {"db.system.name": "postgresql", "db.operation.name": "SELECT"}),
    Tier.DICTIONARY_API: ("GET", {"http.request.method": "GET", "url.template": "/api/v2/entries/en/{word}"}),
    Tier.GEMINI: ("generate_content", LLM),
}
#: What a limit or a session asks of the state server.
SCRIPT = {"db.system.name": "redis", "db.operation.name": "EVALSHA"}

Attributes = dict[str, str | bool | int]


def of_step(step: TraceStep) -> tuple[str, Attributes]:
    """Name and attributes of the span of one tier asked once."""
    name, fixed = TIERS[step.tier]
    attributes: Attributes = {**fixed, "prosepolish.tier": str(step.tier), "prosepolish.outcome": str(step.outcome)}
    if step.detail:
        attributes["prosepolish.detail"] = step.detail
    if step.outcome in FAILED:
        attributes["error.type"] = step.detail or str(step.outcome)
    return name, attributes


def duration_metric(tier: Tier) -> str | None:
    """Where the conventions have a histogram for the time of a tier."""
    return {Tier.REDIS: DB_DURATION, Tier.POSTGRES: DB_DURATION, Tier.GEMINI: LLM_DURATION}.get(tier)

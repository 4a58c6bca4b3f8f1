"""Every rule, in the order they are listed. `docs/alerts.md` is written from this table."""

from .instance_rules import INSTANCES, POSTGRES, RULE_FAILED
from .rule import Rule
from .tier_rules import TIERS

RULES: tuple[Rule, ...] = (*INSTANCES, *POSTGRES, *TIERS)
BY_NAME = {rule.name: rule for rule in (*RULES, RULE_FAILED)}

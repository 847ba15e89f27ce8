from .display import DisplayPrice, source_of
from .rules import OWNERS, Facts, Owner, Rule, RuleBook, Scope

__all__ = ["OWNERS", "DisplayPrice", "Facts", "Owner", "Rule", "RuleBook", "Scope", "source_of"]

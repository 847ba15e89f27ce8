from . import trace
from .amounts import COST, LIST_PRICE, MARKET, Calculator
from .dead_rules import Candidate, DeadRule, Reason, find_dead_rules
from .display import DisplayPrice, source_of
from .rules import OWNERS, Facts, Owner, Rule, RuleBook, Scope

__all__ = [
    "COST",
    "LIST_PRICE",
    "MARKET",
    "OWNERS",
    "Calculator",
    "Candidate",
    "DeadRule",
    "DisplayPrice",
    "Facts",
    "Owner",
    "Reason",
    "Rule",
    "RuleBook",
    "Scope",
    "find_dead_rules",
    "source_of",
    "trace",
]

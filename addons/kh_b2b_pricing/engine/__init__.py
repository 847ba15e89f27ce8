from .display import DisplayPrice, source_of
from .replay import Draft, Option, Period, Replay, Sold, Totals
from .rules import OWNERS, Facts, Owner, Rule, RuleBook, Scope

__all__ = [
    "OWNERS",
    "DisplayPrice",
    "Draft",
    "Facts",
    "Option",
    "Owner",
    "Period",
    "Replay",
    "Rule",
    "RuleBook",
    "Scope",
    "Sold",
    "Totals",
    "source_of",
]

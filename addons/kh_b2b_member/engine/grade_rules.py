"""Which level a dealer should have, from figures that were read before. No database."""

from typing import NamedTuple


class Rule(NamedTuple):
    """One level that can be earned, in the order of the list: the highest first."""

    id: int
    grade_id: int
    is_demoted: bool  # the level is taken away when it is no longer met


class Figures(NamedTuple):
    """What a dealer did in the period of one rule."""

    is_met: bool
    was_met: bool  # now, or at one of the dates in the time of grace
    turnover: float  # untaxed, in the currency of the company
    orders: int


class Proposal(NamedTuple):
    grade_id: int
    rule_id: int  # the rule whose figures are the evidence
    kind: str  # "promote" or "demote"


def propose(rules, figures, grade_id, is_in_grace):
    """Return the change of level that the rules ask for, None to leave it.

    :param list rules: `Rule` tuples, the highest level first; whoever meets none belongs to
        the last one, which is the entry level
    :param dict figures: `Figures` by rule id; a rule without figures is not met
    :param int grade_id: the present level, 0 for none
    :param bool is_in_grace: the present level was granted so recently that it stays
    """
    positions = {rule.grade_id: position for position, rule in enumerate(rules)}
    if not rules or (grade_id and grade_id not in positions):
        return None  # a level that no rule gives was given by hand
    earned = len(rules) - 1
    for position, rule in enumerate(rules):
        if rule.id in figures and figures[rule.id].is_met:
            earned = position
            break
    present = positions.get(grade_id, len(rules))
    if earned < present:
        return Proposal(rules[earned].grade_id, rules[earned].id, "promote")
    if earned == present:
        return None
    rule = rules[present]
    was_met = rule.id in figures and figures[rule.id].was_met
    if not rule.is_demoted or is_in_grace or was_met:
        return None
    return Proposal(rules[earned].grade_id, rule.id, "demote")

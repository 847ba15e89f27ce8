from odoo.tests import BaseCase, tagged

from ..engine.flow_check import (
    ERROR,
    INFO,
    WARNING,
    Finding,
    StepFacts,
    check_steps,
    merge_companies,
)

A, B, M, N = 1, 2, 8, 9


def step(*people, **facts):
    return StepFacts("S", frozenset(people), **facts)


COVER = frozenset((A, B))
CASES = [
    # what, step, managers, expected (level, code, person)
    ("nobody at all", step(), {M}, [(ERROR, "nobody", None)]),
    ("two people", step(A, B), {M}, []),
    ("one asks for what the other wrote", step(A, B), {A}, [(ERROR, "pair_nobody", None)]),
    ("two people and whom the document names", step(A, B, is_open=True), set(), []),
    ("three people", step(A, B, N), set(), []),
    (
        "one person, a manager behind",
        step(A),
        {M},
        [(INFO, "own_managers", A), (WARNING, "away", A)],
    ),
    (
        "the author is the only approver and the only manager",
        step(A),
        {A},
        [(ERROR, "own_nobody", A), (WARNING, "away", A)],
    ),
    (
        "one person with a substitute",
        step(A, covered=COVER),
        {M},
        [(INFO, "own_managers", A)],
    ),
    (
        "one person, escalated to another",
        step(A, escalates_to=frozenset({M})),
        {M},
        [(INFO, "own_managers", A)],
    ),
    (
        "escalated to oneself is no help",
        step(A, escalates_to=frozenset({A})),
        {M},
        [(INFO, "own_managers", A), (WARNING, "away", A)],
    ),
    (
        "all must approve",
        step(A, B, mode="all"),
        {M},
        [(WARNING, "away", A), (WARNING, "away", B)],
    ),
    (
        "all, one covered",
        step(A, B, mode="all", covered=frozenset({A})),
        {M},
        [(WARNING, "away", B)],
    ),
    ("all, both covered", step(A, B, mode="all", covered=COVER), {M}, []),
    ("too few", step(A, mode="count", minimum=2), {M}, [(ERROR, "too_few", None)]),
    (
        "two of two: managers fill the place of who asks",
        step(A, B, mode="count", minimum=2),
        {M},
        [
            (INFO, "own_managers", A),
            (INFO, "own_managers", B),
            (WARNING, "away", A),
            (WARNING, "away", B),
        ],
    ),
    (
        "two of two and no manager",
        step(A, B, mode="count", minimum=2),
        {A},
        [
            (ERROR, "own_nobody", A),
            (ERROR, "own_nobody", B),
            (WARNING, "away", A),
            (WARNING, "away", B),
        ],
    ),
    ("two of three", step(A, B, M, mode="count", minimum=2), set(), []),
    (
        "named by the document, managers behind",
        step(is_open=True),
        {M},
        [(INFO, "open_managers", None), (WARNING, "open_away", None)],
    ),
    (
        "named by the document, nobody behind",
        step(is_open=True),
        set(),
        [(ERROR, "open_nobody", None)],
    ),
    (
        "named by the document, with a time limit",
        step(is_open=True, escalates_to=frozenset({M})),
        {M},
        [(INFO, "open_managers", None)],
    ),
]


@tagged("post_install", "-at_install")
class TestFlowEngine(BaseCase):
    def test_table_of_cases(self):
        for what, facts, managers, expected in CASES:
            with self.subTest(what):
                found = check_steps([facts], managers)
                self.assertEqual([(f.level, f.code, f.person) for f in found], expected)

    def test_each_step_is_named(self):
        steps = [step(A, B)._replace(name="One"), step()._replace(name="Two")]
        self.assertEqual([(f.step, f.code) for f in check_steps(steps, {M})], [("Two", "nobody")])

    def test_path_without_any_step(self):
        free = step(A, B, is_conditional=True)
        codes = [finding.code for finding in check_steps([free, free], {M})]
        self.assertEqual(codes, ["all_conditional"])
        self.assertFalse(check_steps([free, step(A, B)], {M}))

    def test_error_in_one_company_of_two_is_a_warning(self):
        error = Finding(ERROR, "nobody", "S")
        merged = merge_companies({1: [error], 2: []})
        self.assertEqual([f.level for f in merged[1]], [WARNING])
        merged = merge_companies({1: [error], 2: [error]})
        self.assertEqual([f.level for f in merged[1] + merged[2]], [ERROR, ERROR])
        self.assertEqual(merge_companies({1: [error]}), {1: [error]})

    def test_error_where_there_are_no_managers_either_stays(self):
        error = Finding(ERROR, "nobody", "S")
        merged = merge_companies({1: [error], 2: [], 3: [error]}, without_managers={1, 2})
        self.assertEqual([(f.level, f.code) for f in merged[1]], [(ERROR, "nobody_here")])
        self.assertEqual([(f.level, f.code) for f in merged[3]], [(WARNING, "nobody")])

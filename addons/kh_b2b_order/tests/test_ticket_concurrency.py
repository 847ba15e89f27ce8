import threading

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.service.model import retrying
from odoo.tests import tagged

from .common_races import RaceCase

VALUES = {"kind": "question", "subject": "KH race", "text": "I wait."}


@tagged("post_install", "-at_install")
class TestTicketConcurrency(RaceCase):
    """Double requests that really run at once, on committed rows that are deleted again."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._clean_up)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            ticket = self._ask(env, "kh-race-first")
            self.ticket_id = ticket.id

    def _clean_up(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            tickets = env["kh.order.ticket"].search([("subject", "=", "KH race")])
            of_tickets = [("model", "=", "kh.order.ticket"), ("res_id", "in", tickets.ids)]
            env["mail.message"].search(of_tickets).unlink()
            tickets.message_follower_ids.unlink()
            cr.execute("DELETE FROM kh_order_ticket WHERE subject = 'KH race'")
            cr.execute("DELETE FROM kh_express_message WHERE body = 'KH race'")
            keys = [
                env["kh.rate.limit"]._get_key(action, str(env.uid))
                for action in ("ticket", "ticket_reply")
            ]
            env["kh.rate.limit"].search([("key", "in", keys)]).unlink()

    @staticmethod
    def _ask(env, key):
        return env["kh.order.ticket"]._create_for_dealer(env.user, env.company, VALUES, [], key)

    def _race(self, step):
        """Do a step twice at once; return answers and errors."""
        barrier, answers, errors = threading.Barrier(2), [], []

        def run():
            with self.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
                env["kh.order.ticket"].browse(self.ticket_id).fetch(["state"])
                barrier.wait(timeout=20)  # both have their snapshot before either writes
                try:
                    answers.append(retrying(lambda: step(env), env))
                except UserError as error:
                    errors.append(str(error))

        self._run_at_once(run, run)
        return answers, errors

    def _read(self, get):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            return get(env, env["kh.order.ticket"].browse(self.ticket_id))

    def test_a_form_sent_twice_makes_one_ticket(self):
        answers, errors = self._race(lambda env: self._ask(env, "kh-race-second").id)
        self.assertEqual((len(answers), len(set(answers)), errors), (2, 1, []))

    def test_a_reply_sent_twice_is_posted_once(self):
        def reply(env):
            ticket = env["kh.order.ticket"].browse(self.ticket_id)
            ticket._reply_for_dealer(env.user, "Hello", [])
            return True

        answers, errors = self._race(reply)
        self.assertEqual((len(answers), errors), (2, []))
        count = self._read(lambda _env, ticket: len(ticket._get_shown_messages()))
        self.assertEqual(count, 1)

    def test_a_ticket_is_rated_once(self):
        def rate(env):
            env["kh.order.ticket"].browse(self.ticket_id)._rate_for_dealer("4")
            return True

        with self.registry.cursor() as cr:
            cr.execute(
                "UPDATE kh_order_ticket SET state = 'solved' WHERE id = %s", [self.ticket_id]
            )
        answers, errors = self._race(rate)
        self.assertEqual((len(answers), len(errors)), (1, 1))
        self.assertEqual(self._read(lambda _env, ticket: ticket.state), "closed")

    def test_a_push_that_comes_twice_at_once_is_stored_once(self):
        def receive(env):
            return env["kh.express.message"]._receive(env.company, "KH race").id

        answers, errors = self._race(receive)
        self.assertEqual((len(answers), len(set(answers)), errors), (2, 1, []))
        hits = self._read(lambda env, _ticket: env["kh.express.message"].browse(answers[0]).hits)
        self.assertEqual(hits, 2)

from odoo.tests import tagged

from .common import PortalCommon


@tagged("post_install", "-at_install")
class TestHomeTickets(PortalCommon):
    def _tasks(self, user):
        Order = self.env["sale.order"].with_user(user)
        tasks = Order._kh_home_tasks(user.partner_id, self.website)
        return {task.kind: task.count for task in tasks}

    def test_tickets_that_wait_for_the_dealer_are_a_task(self):
        ticket = self.env["kh.order.ticket"]._create_for_dealer(
            self.user,
            self.company,
            {"kind": "question", "subject": "Where is it?", "text": "I wait."},
            [],
        )
        self.assertNotIn("ticket", self._tasks(self.user))
        ticket.action_wait()
        self.assertEqual(self._tasks(self.user).get("ticket"), 1)
        stranger = self.stranger.child_ids.user_ids
        self.assertNotIn("ticket", self._tasks(stranger))

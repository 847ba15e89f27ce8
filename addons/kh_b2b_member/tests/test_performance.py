from odoo.tests import tagged

from .common import MemberCommon


@tagged("post_install", "-at_install")
class TestMemberPerformance(MemberCommon):
    def test_checks_cost_the_same_for_1_and_50(self):
        applications = self.env["kh.member.application"].create(
            [self._prepare_vals(number) for number in range(1, 51)]
        )
        self.env.flush_all()

        def count(records):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records._get_checks()
            return self.env.cr.sql_log_count - before

        count(applications[:1])
        self.assertLessEqual(count(applications), count(applications[:1]) + 2)

    def test_list_costs_the_same_for_1_and_50(self):
        applications = self.env["kh.member.application"].create(
            [self._prepare_vals(number) for number in range(1, 51)]
        )
        self.env.flush_all()
        names = {
            "number": {}, "name": {}, "state": {}, "review_deadline": {}, "kh_can_decide": {},
            "kh_approval_state": {}, "license_mimetype": {}, "grade_id": {"fields": {}},
        }  # fmt: skip

        def count(ids):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["kh.member.application"].with_user(self.clerk).web_search_read(
                [("id", "in", ids)], names
            )
            return self.env.cr.sql_log_count - before

        count(applications.ids)
        self.assertLessEqual(count(applications.ids), count(applications[:1].ids) + 2)

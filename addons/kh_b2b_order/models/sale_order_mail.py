import logging

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)


class SaleOrder(models.Model):
    """Nobody waits for the PDF of an order's e-mail: it is made behind the request."""

    _inherit = "sale.order"

    _kh_pending_mail_idx = models.Index("(id) WHERE pending_email_template_id IS NOT NULL")

    # === HOOKS - MAIL === #
    def _send_order_notification_mail(self, mail_template, **kwargs):
        """Extend: leave the mail of a B2B order to a job, which is called at once.

        Core does the same for every order where an administrator turned `sale.async_emails` on,
        and does it for these orders too, then. Without the job the mail is made here.
        """
        job = kwargs.get("allow_deferred_sending", True) and self._kh_get_mail_job()
        # an order keeps one mail that waits: another is made here, or the first would be lost
        waiting = self.pending_email_template_id - (mail_template or self.env["mail.template"])
        if not (job and mail_template and not waiting and self._kh_is_b2b_order()):
            return super()._send_order_notification_mail(mail_template, **kwargs)
        self.pending_email_template_id = mail_template
        job._trigger()
        return None

    def _kh_get_mail_job(self):
        """Return the job that makes these mails; nothing where it is off, or core's is on."""
        names = ("kh_b2b_order.ir_cron_send_pending_mails", "sale.send_pending_emails_cron")
        # sudo: whoever orders may not read jobs; only whether they run is asked
        job, core_job = (
            found and found.sudo().active and found
            for found in (self.env.ref(name, raise_if_not_found=False) for name in names)
        )
        return job if job and not core_job else None

    # === HOOKS - APPROVAL === #
    def _approval_writable_fields(self):
        names = super()._approval_writable_fields() | {"pending_email_template_id"}
        # core names who looks after an order when it mails that a payment arrived; people do not
        return names | {"user_id"} if self.env.su else names

    # === CRON METHODS === #
    @api.model
    def _cron_send_pending_mails(self):
        """Make and send the e-mails that orders wait for, one transaction each.

        An order that somebody works on right now is left for the next run. A mail that cannot be
        made stops no other: the order tells so, and it is not tried again.
        """
        due = self.search([("pending_email_template_id", "!=", False)], order="id")
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=len(due))
        for order in due:
            order[0]._kh_send_pending_mail()  # core reads no other order again after a commit
            if not progress._commit_progress(1):
                break

    def _kh_send_pending_mail(self):
        """Send the mail this order waits for, if it still does and its row is free."""
        order = self.try_lock_for_update()
        order.invalidate_recordset(["pending_email_template_id"])
        template = order.pending_email_template_id
        if not template:
            return
        order.pending_email_template_id = False
        try:
            with self.env.cr.savepoint():
                order._send_order_notification_mail(template, allow_deferred_sending=False)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise  # nothing is wrong with the mail: the job comes again
        except Exception as error:
            # whatever a template, a report or a mail server may raise: told, and the next goes on
            _logger.exception("The e-mail of %s could not be made.", order.name)
            order.message_post(
                body=self.env._(
                    "The e-mail “%(mail)s” could not be made, please send it by hand: %(error)s",
                    mail=template.name,
                    error=error,
                )
            )

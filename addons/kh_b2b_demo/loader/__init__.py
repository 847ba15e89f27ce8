"""Loads the demo company through the real workflows; run twice, it changes nothing."""

import logging
import time
import warnings

from odoo.fields import Domain

from . import (
    catalogue,
    company,
    fulfilment,
    lists,
    members,
    order_changes,
    order_rules,
    orders,
    people,
    prices,
    products,
    promotions,
    quick_orders,
    scenes,
    tickets,
)

_logger = logging.getLogger(__name__)

# limits and visibility come last: the orders of the past year were placed before them; rules
# that stop orders come after everything that confirms some
PARTS = (
    company,
    products,
    members,
    prices,
    orders,
    catalogue,
    people,
    lists,
    quick_orders,
    scenes,
    order_changes,
    fulfilment,
    tickets,
    promotions,
    order_rules,
)


def load_demo(env):
    """Load all parts, each timed in the log.

    Mails that the workflows would send are dropped: the invented dealers have no mailbox.
    """
    env = env(
        context=dict(
            env.context,
            lang="en_US",
            tz="Asia/Shanghai",
            mail_notify_force_send=False,
            kh_demo_load=True,
        )
    )
    last_mail = env["mail.mail"].search(Domain.TRUE, order="id desc", limit=1).id or 0
    with warnings.catch_warnings():
        # core's own invitation link uses a helper that werkzeug has deprecated
        warnings.filterwarnings("ignore", ".*werkzeug", DeprecationWarning)
        for part in PARTS:
            _load_part(env, part)
    mails = env["mail.mail"].search([("id", ">", last_mail), ("state", "=", "outgoing")])
    mails.unlink()


def _load_part(env, part):
    start = time.monotonic()
    part.load(env)
    env.flush_all()
    name = part.__name__.rpartition(".")[2]
    _logger.info("Demo company: %s in %.1f s", name, time.monotonic() - start)

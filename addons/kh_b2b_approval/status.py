"""The status vocabulary (状态词汇): what a stage looks like, for whom, everywhere.

One table for shop, portal, e-mail and back office. A token names a pair of CSS custom
properties (`--kh-st-<token>-fg` and `-bg`, see `static/src/scss/status.scss`):
`idle` nothing happens · `act` the reader must act · `run` the other side acts ·
`done` finished well · `stop` refused or broken · `hold` stopped on purpose.
"""

from typing import NamedTuple

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

AUDIENCES = ("dealer", "staff")


class Status(NamedTuple):
    """How one stage of one kind of object is shown."""

    token_dealer: str
    token_staff: str
    icon: str
    label: str


class Badge(NamedTuple):
    """A status as one reader sees it."""

    token: str
    icon: str
    label: str


def _same(token, icon, label):
    return Status(token, token, icon, label)


UNKNOWN = _same("idle", "fa-circle-o", "")

STATUS = {
    # order (订货单)
    ("order", "draft"): _same("idle", "fa-pencil-square-o", _lt("Draft")),
    ("order", "review"): Status("run", "act", "fa-hourglass-half", _lt("Under review")),
    ("order", "to_pay"): Status("act", "run", "fa-credit-card", _lt("Awaiting payment")),
    ("order", "to_ship"): Status("run", "act", "fa-cube", _lt("Awaiting shipment")),
    ("order", "to_receive"): _same("run", "fa-truck", _lt("Awaiting receipt")),
    ("order", "done"): _same("done", "fa-check-circle", _lt("Done")),
    ("order", "hold"): _same("hold", "fa-pause-circle", _lt("On hold")),
    ("order", "cancel"): _same("idle", "fa-ban", _lt("Cancelled")),
    ("order", "closed"): _same("idle", "fa-times-circle-o", _lt("Closed")),
    # credit (信用)
    ("credit", "none"): _same("idle", "fa-circle-o", _lt("Not opened")),
    ("credit", "applied"): Status("run", "act", "fa-hourglass-half", _lt("Under review")),
    ("credit", "active"): _same("done", "fa-shield", _lt("Active")),
    ("credit", "frozen"): _same("stop", "fa-lock", _lt("Frozen")),
    # bill (账单)
    ("bill", "open"): Status("act", "run", "fa-calendar", _lt("Due")),
    ("bill", "paid"): _same("done", "fa-check", _lt("Paid")),
    ("bill", "part"): _same("run", "fa-adjust", _lt("Partly paid")),
    ("bill", "overdue"): _same("stop", "fa-exclamation-triangle", _lt("Overdue")),
    # after-sale case (售后单)
    ("case", "submitted"): Status("run", "act", "fa-hourglass-half", _lt("Under review")),
    ("case", "intercepting"): _same("hold", "fa-hand-paper-o", _lt("Intercepting")),
    ("case", "to_send_back"): Status("act", "run", "fa-reply", _lt("Awaiting your return")),
    ("case", "in_return"): _same("run", "fa-truck", _lt("Return in transit")),
    ("case", "inspection"): Status("run", "act", "fa-search", _lt("Inspecting")),
    ("case", "refunding"): Status("run", "act", "fa-refresh", _lt("Refunding")),
    ("case", "done"): _same("done", "fa-check-circle", _lt("Done")),
    ("case", "refused"): _same("stop", "fa-times-circle", _lt("Refused")),
    # payment slip (付款凭证)
    ("slip", "to_check"): Status("run", "act", "fa-file-image-o", _lt("To check")),
    ("slip", "second_check"): Status("run", "act", "fa-users", _lt("Second check")),
    ("slip", "booked"): _same("done", "fa-check", _lt("Booked")),
    ("slip", "duplicate"): _same("stop", "fa-clone", _lt("Possible duplicate")),
    ("slip", "returned"): Status("act", "run", "fa-undo", _lt("Returned")),
    # approval (审批)
    ("approval", "none"): _same("idle", "fa-circle-o", _lt("No approval")),
    ("approval", "pending"): _same("act", "fa-gavel", _lt("To approve")),
    ("approval", "approved"): _same("done", "fa-check", _lt("Approved")),
    ("approval", "returned"): _same("act", "fa-undo", _lt("Returned")),
    ("approval", "refused"): _same("stop", "fa-times-circle", _lt("Refused")),
    ("approval", "withdrawn"): _same("idle", "fa-ban", _lt("Withdrawn")),
    # member application (入驻申请)
    ("application", "draft"): Status("act", "idle", "fa-pencil-square-o", _lt("Draft")),
    ("application", "submitted"): Status("run", "act", "fa-hourglass-half", _lt("Submitted")),
    ("application", "review"): Status("run", "act", "fa-hourglass-half", _lt("Under review")),
    ("application", "approved"): _same("done", "fa-check-circle", _lt("Approved")),
    ("application", "rejected"): Status("act", "stop", "fa-times-circle", _lt("Rejected")),
    ("application", "withdrawn"): _same("idle", "fa-ban", _lt("Withdrawn")),
    # price contract (价格合同)
    ("contract", "draft"): _same("idle", "fa-pencil-square-o", _lt("Draft")),
    ("contract", "review"): Status("run", "act", "fa-hourglass-half", _lt("Under review")),
    ("contract", "active"): _same("done", "fa-check-circle", _lt("Active")),
    ("contract", "expired"): _same("idle", "fa-clock-o", _lt("Expired")),
    ("contract", "terminated"): _same("idle", "fa-ban", _lt("Terminated")),
    # fapiao (发票)
    ("fapiao", "open"): _same("run", "fa-file-text-o", _lt("In progress")),
    ("fapiao", "issued"): _same("done", "fa-check", _lt("Issued")),
    ("fapiao", "posted"): _same("done", "fa-envelope-o", _lt("Mailed")),
    # service ticket (客户服务工单)
    ("ticket", "new"): Status("run", "act", "fa-inbox", _lt("New")),
    ("ticket", "progress"): Status("run", "act", "fa-comments-o", _lt("Being handled")),
    ("ticket", "waiting"): Status("act", "run", "fa-reply", _lt("Waiting for dealer")),
    ("ticket", "solved"): Status("act", "done", "fa-check", _lt("Solved")),
    ("ticket", "closed"): _same("done", "fa-check-circle", _lt("Ended")),
    # warehouse message (仓库接口)
    ("wms", "queued"): _same("run", "fa-clock-o", _lt("Queued")),
    ("wms", "sent"): _same("done", "fa-check", _lt("Sent")),
    ("wms", "failed"): _same("stop", "fa-exclamation-triangle", _lt("Needs you")),
}


def get_status(kind, stage, audience="dealer"):
    """Return how `stage` of an object of `kind` is shown to `audience`.

    :param str kind: the object's key in `STATUS`, e.g. "order"
    :param str stage: the stage's key, e.g. "to_pay"
    :param str audience: "dealer" or "staff"; who must act swaps with the reader
    :rtype: Badge
    A stage that is not in the table is shown as idle, without a label of its own.
    """
    if audience not in AUDIENCES:
        raise ValueError(f"Unknown audience {audience!r}")
    status = STATUS.get((kind, stage), UNKNOWN)
    token = status.token_dealer if audience == "dealer" else status.token_staff
    return Badge(token, status.icon, status.label)


def get_status_table(audience="staff"):
    """Return the table for the web client, `{kind: {stage: [token, icon]}}`."""
    table = {}
    for (kind, stage), status in STATUS.items():
        token = status.token_dealer if audience == "dealer" else status.token_staff
        table.setdefault(kind, {})[stage] = [token, status.icon]
    return table

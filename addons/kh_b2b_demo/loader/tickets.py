"""Questions and complaints of dealers, in every state (客户服务工单)."""

from datetime import timedelta

from odoo import fields

from .base import Book

# reference, dealer, stage of the order, kind, subject, text, what happens
TICKETS = (
    (
        "ticket_new",
        "huarui",
        "to_ship",
        "question",
        "什么时候发货？",
        "工地 30 号进场，请确认能否在 28 号前发出。",
        "",
    ),
    (
        "ticket_waiting",
        "huarui",
        "done",
        "complaint",
        "两只断路器外壳破损",
        "今天收到的货里有两只外壳开裂，外包装完好。",
        "您好，请拍一下产品标签上的批号，我们马上安排补发。",
    ),
    (
        "ticket_late",
        "yuehua",
        "to_receive",
        "complaint",
        "少发一箱",
        "送货单写 3 箱，实收 2 箱，请核实。",
        "",
    ),
    (
        "ticket_solved",
        "huarui",
        "done",
        "question",
        "发票抬头能改吗？",
        "抬头请改为杭州华瑞机电滨江分公司。",
        "可以，发票尚未开具，已按您的要求修改抬头。",
    ),
)


def load(env):
    book = Book(env)
    if book.get("ticket_new"):
        return
    for ref, dealer, stage, kind, subject, text, answer in TICKETS:
        user = book.get(f"application_{dealer}").partner_user_id
        partner = user.partner_id.commercial_partner_id
        order = env["sale.order"].search(
            [("partner_id", "child_of", partner.id), ("kh_stage", "=", stage)],
            order="id desc",
            limit=1,
        )
        ticket = book.make(
            "kh.order.ticket",
            {
                ref: {
                    "kind": kind,
                    "subject": subject,
                    "text": text,
                    "partner_id": user.partner_id.id,
                    "company_id": env.company.id,
                    "order_id": order.id,
                }
            },
        )[ref]
        _go_on(ref, ticket, answer)


def _go_on(ref, ticket, answer):
    if ref == "ticket_late":
        ticket.with_user(ticket.user_id).action_start()
        ticket.date_turn = fields.Datetime.now() - timedelta(hours=9)
    if not answer:
        return
    ticket = ticket.with_user(ticket.user_id) if ticket.user_id else ticket
    if ref == "ticket_solved":
        ticket.solution = answer
        ticket.action_solve()
        return
    ticket.message_post(body=answer, message_type="comment", subtype_xmlid="mail.mt_comment")
    ticket.action_wait()

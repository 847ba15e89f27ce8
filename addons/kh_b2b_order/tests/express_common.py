import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from odoo.addons.kh_b2b_order.engine.express import sign_push

from .common import OrderCommon

SALT = "a-long-random-text"
WAY = (
    ("2026-11-20 09:00:00", "Collected in Hangzhou"),
    ("2026-11-21 08:00:00", "Arrived in Shanghai"),
    ("2026-11-22 14:05:00", "Signed for by the front desk"),
)


class CourierService:
    """快递100 over real HTTP on this machine; `replies` are `(status, content)` or None."""

    def __init__(self):
        self.requests, self.replies = [], []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers.get("Content-Length") or 0)
                form = parse_qs(self.rfile.read(length).decode())
                service.requests.append((self.path, {k: v[0] for k, v in form.items()}))
                reply = service.replies.pop(0)
                if reply is None:
                    return  # break off without an answer
                status, content = reply
                body = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class ExpressCommon(OrderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.courier = CourierService()
        cls.addClassCleanup(cls.courier.stop)
        cls.company.write(
            {
                "kh_express_provider": "kuaidi100",
                "kh_express_url": cls.courier.url,
                "kh_express_is_local": True,
                "kh_express_customer": "CUSTOMER",
                "kh_express_key": "SECRETKEY",
                "kh_express_salt": SALT,
                "phone": False,
            }
        )
        cls.carrier = cls.env["delivery.carrier"].create(
            {
                "name": "ZTO",
                "product_id": cls._create_delivery_product().id,
                "kh_express_code": "zhongtong",
            }
        )
        cls.Tracking = cls.env["kh.express.tracking"]
        cls.order = cls._create_shipped("ZT12345678")
        cls.tracking = cls._parcels(cls.order)
        cls.clerk = cls._create_staff(
            "kh_o_clerk",
            "kh_b2b_member.group_b2b_order_clerk",
            "sales_team.group_sale_salesman_all_leads",
        )

    @classmethod
    def _create_delivery_product(cls):
        return cls._create_goods("Delivery", "KH-O-D", type="service", is_storable=False)

    @classmethod
    def _create_shipped(cls, number="ZT12345678", carrier=None, **vals):
        """Return an order whose goods left with this parcel number."""
        order = cls._create_order(**vals)
        order.action_confirm()
        picking = order.picking_ids
        picking.write({"carrier_id": (carrier or cls.carrier).id, "carrier_tracking_ref": number})
        cls._ship(order)
        return order

    @classmethod
    def _parcels(cls, order):
        """Return the followed parcels of an order, as the scheduler sees them."""
        return order.picking_ids.sudo().kh_tracking_ids

    @classmethod
    def _create_tracking(cls, number):
        """Return one more parcel of the shipment, as if it were followed for a while."""
        return cls.Tracking.sudo().create(
            {
                "picking_id": cls.order.picking_ids.id,
                "number": number,
                "courier_code": "zhongtong",
                "state": "active",
            }
        )

    @staticmethod
    def _push_param(number="ZT12345678", events=1, state="0", status="polling", **result):
        """Return the field `param` of a push: the first `events` events of the way."""
        rows = [{"ftime": when, "context": what} for when, what in reversed(WAY[:events])]
        last = {"nu": number, "com": "zhongtong", "state": state, "data": rows, **result}
        return json.dumps({"status": status, "lastResult": last})

    @staticmethod
    def _sign(param):
        return sign_push(param, SALT)

    def _receive(self, *params):
        Message = self.env["kh.express.message"].sudo()
        return [Message._receive(self.company, param) for param in params]

    def _step(self, tracking):
        """Do the scheduler's next thing now."""
        tracking.next_try = "2020-01-01"
        tracking._follow()

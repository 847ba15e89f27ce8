"""Ask 快递100, or the courier of the demonstration. No database."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import requests

from odoo.addons.kh_b2b_member.engine.sync_http import Endpoint, FetchError, GuardedSession

from .express import (
    ExpressError,
    ExpressEvent,
    ExpressNews,
    check_subscription,
    parse_query,
    sign_query,
)

TIMEOUT = 10  # seconds
MAX_BYTES = 1024 * 1024
# Hours after the shipment, state, and what the courier of the demonstration says then.
DEMO_EVENTS = (
    (0, "collected", "【杭州滨江营业点】快件已揽收"),
    (5, "transit", "【杭州转运中心】快件已发往下一站"),
    (20, "transit", "【上海转运中心】快件到达"),
    (26, "delivering", "【上海闵行营业点】快递员正在派送, 请保持电话畅通"),
    (30, "signed", "快件已签收, 签收人: 前台"),
)


class Parcel(NamedTuple):
    """One parcel to ask about; `phone` digits only, `shipped` UTC and naive."""

    courier: str
    number: str
    phone: str
    shipped: datetime


@dataclass(repr=False)
class Kuaidi100:
    """The service 快递100. No representation: it holds the key."""

    url: str
    customer: str
    key: str
    salt: str
    callback: str
    is_local: bool = False

    def subscribe(self, parcel):
        """Ask to be told whatever happens to a parcel.

        :raise ExpressError: it was refused, or could not be asked
        """
        parameters = {"callbackurl": self.callback, "salt": self.salt, "resultv2": "1"}
        if parcel.phone:
            parameters["phone"] = parcel.phone
        param = {
            "company": parcel.courier,
            "number": parcel.number,
            "key": self.key,
            "parameters": parameters,
        }
        content = self._post("/poll", {"schema": "json", "param": _dump(param)})
        check_subscription(content)

    def query(self, parcel):
        """Return what is known of a parcel now.

        :rtype: ExpressNews
        :raise ExpressError: it was refused, or could not be asked
        """
        param = {"com": parcel.courier, "num": parcel.number, "resultv2": "1"}
        if parcel.phone:
            param["phone"] = parcel.phone
        text = _dump(param)
        sign = sign_query(text, self.key, self.customer)
        fields = {"customer": self.customer, "sign": sign, "param": text}
        content = self._post("/poll/query.do", fields)
        return parse_query(content, parcel.courier, parcel.number)

    def _post(self, path, fields):
        endpoint = Endpoint(
            url=self.url,
            allow_http=self.is_local,
            allow_private=self.is_local,
            timeout=TIMEOUT,
            max_bytes=MAX_BYTES,
        )
        try:
            with GuardedSession(endpoint) as session:
                response = session.post(f"{self.url.rstrip('/')}{path}", data=fields)
        except FetchError as error:
            # the address of the service is wrong, or its host cannot be found now
            raise ExpressError(
                "unavailable", is_transient=error.is_transient, detail=error.reason
            ) from None
        except requests.RequestException as error:
            # without the request: it holds the key
            detail = type(error).__name__
            raise ExpressError("unavailable", is_transient=True, detail=detail) from None
        if response.status_code != requests.codes.ok:
            detail = str(response.status_code)
            raise ExpressError("unavailable", is_transient=True, detail=detail)
        return response.content.decode("utf-8", "replace")


@dataclass
class DemoCourier:
    """A courier for the demonstration: nothing leaves this machine (演示快递)."""

    now: datetime  # UTC and naive

    def subscribe(self, parcel):
        """Nothing to do: it is asked, it does not push."""

    def query(self, parcel):
        """Return what happened to a parcel since it was shipped, by the clock."""
        passed = [
            (state, ExpressEvent(parcel.shipped + timedelta(hours=hours), text))
            for hours, state, text in DEMO_EVENTS
            if parcel.shipped + timedelta(hours=hours) <= self.now
        ]
        events = tuple(event for _state, event in reversed(passed))
        state = passed[-1][0] if passed else ""
        return ExpressNews(parcel.courier, parcel.number, state, events)


def _dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

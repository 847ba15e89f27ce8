"""Fetch pages of dealers from a REST or SOAP source. No database.

The address is set by a system administrator; still each request is held to it: one host,
https unless allowed, no address inside our network unless allowed, no redirect, bounded in
time and size. Errors never carry headers, parameters or secrets.
"""

import hashlib
import hmac
import ipaddress
import json
import logging
import random
import socket
import time
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import requests

from . import sync_rows

_logger = logging.getLogger(__name__)

CHUNK = 64 * 1024
MAX_WAIT = 60  # seconds between two tries
TRANSIENT_STATUS = {408, 425, 429, 500, 502, 503, 504}


class FetchError(Exception):
    """A page could not be fetched. `reason` is a key of the source's messages."""

    def __init__(self, reason, *, is_transient=False, wait=0, **values):
        super().__init__(reason)
        self.reason = reason
        self.is_transient = is_transient
        self.wait = wait
        self.values = values


class Page(NamedTuple):
    rows: list
    next: dict | None  # position of the next page; None after the last one


@dataclass(repr=False)
class Endpoint:
    """Where and how to fetch. No representation: it holds the secret."""

    url: str
    method: str = "GET"
    params: dict = field(default_factory=dict)
    auth: str = "none"
    user: str = ""
    secret: str = ""
    key_header: str = "X-Api-Key"
    allow_http: bool = False
    allow_private: bool = False
    timeout: float = 30
    retries: int = 3
    max_bytes: int = 20 * 1024 * 1024
    records_path: str = ""
    paging: str = "none"
    page_param: str = "page"
    size_param: str = ""
    page_size: int = 500
    first_page: int = 1
    cursor_path: str = ""
    since_param: str = ""
    operation: str = ""

    @property
    def start(self):
        return {"page": self.first_page, "offset": 0}


# === GUARD === #
def check_url(endpoint, url):
    """Raise `FetchError` unless `url` may be asked with the secrets of `endpoint`."""
    parts, home = urlsplit(url), urlsplit(endpoint.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchError("bad_url")
    if parts.scheme == "http" and not endpoint.allow_http:
        raise FetchError("needs_https")
    port = _get_port(parts)
    if (parts.scheme, parts.hostname, port) != (home.scheme, home.hostname, _get_port(home)):
        raise FetchError("other_host", host=f"{parts.hostname}:{port}")
    try:
        infos = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise FetchError("no_host", is_transient=True, host=parts.hostname) from error
    for info in infos:
        _check_address(endpoint, info[4][0])


def _get_port(parts):
    try:
        return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        raise FetchError("bad_url") from None


def _check_address(endpoint, text):
    address = ipaddress.ip_address(text.split("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        raise FetchError("bad_address")  # cloud metadata services live there
    if not address.is_global and not endpoint.allow_private:
        raise FetchError("private_address")


class GuardedSession(requests.Session):
    """A session that asks only its endpoint, and reads only so much for so long."""

    def __init__(self, endpoint):
        super().__init__()
        self.trust_env = False  # no .netrc, no proxy from the environment
        self.endpoint = endpoint

    def send(self, request, **kwargs):
        check_url(self.endpoint, request.url)
        _sign(self.endpoint, request)
        kwargs.update(timeout=self.endpoint.timeout, stream=True, allow_redirects=False)
        response = super().send(request, **kwargs)
        with response:
            response._content = self._read(response)
            response._content_consumed = True
        return response

    def _read(self, response):
        limit, end = self.endpoint.max_bytes, time.monotonic() + 4 * self.endpoint.timeout
        parts, size = [], 0
        for part in response.iter_content(CHUNK):
            size += len(part)
            if size > limit:
                raise FetchError("too_big", limit=limit // (1024 * 1024))
            if time.monotonic() > end:
                raise FetchError("timeout", is_transient=True)
            parts.append(part)
        return b"".join(parts)


def _sign(endpoint, request):
    """Add the authentication of the endpoint to a prepared request."""
    if endpoint.auth == "basic":
        requests.auth.HTTPBasicAuth(endpoint.user.encode(), endpoint.secret.encode())(request)
    elif endpoint.auth == "bearer":
        request.headers["Authorization"] = f"Bearer {endpoint.secret}"
    elif endpoint.auth == "key":
        request.headers[endpoint.key_header] = endpoint.secret
    elif endpoint.auth == "hmac":
        stamp = str(int(time.time()))
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        text = "\n".join(
            (request.method, request.path_url, stamp, hashlib.sha256(body).hexdigest())
        )
        digest = hmac.new(endpoint.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        request.headers.update(
            {"X-Key-Id": endpoint.user, "X-Timestamp": stamp, "X-Signature": digest}
        )


# === FETCH === #
def fetch(endpoint, position, since=None):
    """Return the page at `position`, trying again when the fault may pass.

    :param dict position: from the page before, or `endpoint.start`
    :param since: watermark to send, or None
    :raise FetchError: when all tries failed
    """
    call = _fetch_soap if endpoint.operation else _fetch_rest
    for attempt in range(endpoint.retries + 1):
        try:
            return call(endpoint, position, since)
        except FetchError as error:
            if not error.is_transient or attempt == endpoint.retries:
                raise
            wait = error.wait or 2**attempt * random.uniform(0.5, 1)
            _logger.info("Source answered %s, trying again in %.1f s", error.reason, wait)
            _sleep(min(wait, MAX_WAIT))


def _sleep(seconds):
    time.sleep(seconds)


def _fetch_rest(endpoint, position, since):
    params = _get_params(endpoint, position, since)
    request = {"params": params} if endpoint.method == "GET" else {"json": params}
    if position.get("url"):
        request = {}  # a next link says everything itself
    with GuardedSession(endpoint) as session:
        try:
            response = session.request(
                "GET" if position.get("url") else endpoint.method,
                position.get("url") or endpoint.url,
                headers={"Accept": "application/json"},
                timeout=endpoint.timeout,
                **request,
            )
        except requests.RequestException as error:
            raise _translate(error) from None
    if response.status_code == 404 and "size" in position:
        return Page([], None)  # how some say that there are no more pages
    if response.status_code >= 300:
        raise _get_status_error(response.status_code, response.headers)
    try:
        data = json.loads(response.content)
    except ValueError:
        raise FetchError("malformed") from None
    return read_page(endpoint, data, position, base_url=response.url)


def _translate(error):
    """Return our error for one of the client, whose text may hold the whole address."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return _get_status_error(error.response.status_code, error.response.headers)
    if isinstance(error, requests.Timeout):
        return FetchError("timeout", is_transient=True)
    if isinstance(error, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        return FetchError("no_answer", is_transient=True)
    return FetchError("bad_request")


def _get_status_error(status, headers):
    wait = headers.get("Retry-After", "")
    reason = "redirect" if status < 400 else "refused" if status in (401, 403) else "status"
    return FetchError(
        reason,
        is_transient=status in TRANSIENT_STATUS,
        wait=int(wait) if wait.isdigit() else 0,
        status=status,
    )


def _get_params(endpoint, position, since):
    params = dict(endpoint.params)
    if since and endpoint.since_param:
        params[endpoint.since_param] = since
    if endpoint.paging in ("page", "offset"):
        params[endpoint.page_param] = position[endpoint.paging]
    elif endpoint.paging == "cursor" and position.get("cursor"):
        params[endpoint.page_param] = position["cursor"]
    if endpoint.paging != "none" and endpoint.size_param:
        params[endpoint.size_param] = endpoint.page_size
    return params


def read_page(endpoint, data, position, base_url=""):
    """Read rows and the position of the next page from an answer."""
    rows = sync_rows.extract(data, endpoint.records_path) if endpoint.records_path else data
    if rows is None:
        rows = []
    if not isinstance(rows, list):
        raise FetchError("no_rows")
    following = None
    if endpoint.paging in ("page", "offset") and not _is_last(endpoint, rows, position):
        following = {
            "page": position.get("page", endpoint.first_page) + 1,
            "offset": position.get("offset", 0) + len(rows),
            "size": max(position.get("size", 0), len(rows)),
        }
    elif endpoint.paging in ("cursor", "link"):
        mark = sync_rows.extract(data, endpoint.cursor_path)
        if mark and mark is not sync_rows.MISSING:
            if endpoint.paging == "cursor":
                following = {"cursor": mark}
            else:
                following = {"url": urljoin(base_url, str(mark))}
    return Page(rows, following)


def _is_last(endpoint, rows, position):
    """Whether no page follows: this one is empty, or short where the size is agreed.

    Short is what has fewer rows than the pages before: many sources give fewer rows than we
    ask for, however many are left.
    """
    return not rows or bool(endpoint.size_param) and len(rows) < position.get("size", 0)


def _fetch_soap(endpoint, position, since):
    from odoo.tools import zeep  # loaded only where SOAP is used
    from odoo.tools.zeep.helpers import serialize_object

    class GuardedTransport(zeep.Transport):
        def load(self, url):
            check_url(endpoint, url)  # a WSDL may not name files or other hosts
            return super().load(url)

    with GuardedSession(endpoint) as session:
        try:
            client = zeep.Client(
                endpoint.url,
                transport=GuardedTransport(session=session),
                settings=zeep.Settings(forbid_dtd=True, xml_huge_tree=False),
                timeout=endpoint.timeout,
                operation_timeout=endpoint.timeout,
            )
            answer = client.service[endpoint.operation](**_get_params(endpoint, position, since))
        except requests.RequestException as error:
            raise _translate(error) from None
        except KeyError:
            raise FetchError("no_operation", name=endpoint.operation) from None
        except zeep.exceptions.TransportError as error:
            raise _get_status_error(error.status_code or 500, {}) from None
        except zeep.exceptions.Fault:
            raise FetchError("fault") from None
        except (zeep.exceptions.Error, TypeError, ValueError):
            raise FetchError("malformed") from None
        data = to_plain(serialize_object(answer, dict))
    return read_page(endpoint, data, position)


def to_plain(value):
    """Return a value of a SOAP answer as JSON data."""
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)

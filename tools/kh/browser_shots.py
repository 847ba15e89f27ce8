"""In the prepared environment: take pictures of pages with Chromium and listen to it meanwhile.

Reads one JSON object from standard input (`base`, `out`, `chromium`, `languages`, `widths`,
`pages`, `logins`), writes one JSON object for each finding to standard output.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", ""})
TIMEOUT = 30_000
#: what a page says of a request that a step of its own lost
NO_NETWORK = "INTERNET_DISCONNECTED"
HEIGHTS = {1280: 900, 390: 844}


def is_foreign(url: str) -> bool:
    """Would loading `url` ask a host that is not this machine?"""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in LOCAL_HOSTS


class Photographer:
    """One browser, one context for each role, width and language."""

    def __init__(self, browser: Browser, order: dict[str, Any]) -> None:
        self.browser = browser
        self.base = order["base"]
        self.out = Path(order["out"])
        self.logins = order["logins"]
        self.contexts: dict[tuple[str | None, int, str], BrowserContext] = {}
        self.current = ""

    def tell(self, kind: str, text: str) -> None:
        print(json.dumps({"kind": kind, "page": self.current, "text": text[:600]}), flush=True)

    def context(self, role: str | None, width: int, lang: str) -> BrowserContext:
        key = (role, width, lang)
        if key not in self.contexts:
            context = self.browser.new_context(
                viewport={"width": width, "height": HEIGHTS.get(width, 900)},
                is_mobile=width < 600,
                has_touch=width < 600,
                locale=lang.replace("_", "-"),
                timezone_id="Asia/Shanghai",
            )
            context.set_default_timeout(TIMEOUT)
            context.add_cookies([{"name": "frontend_lang", "value": lang, "url": self.base}])
            context.route("**/*", self.watch)
            if role:
                self.log_in(context, role)
            self.contexts[key] = context
        return self.contexts[key]

    def watch(self, route: Any) -> None:
        if is_foreign(route.request.url):
            self.tell("foreign host", route.request.url)
            route.abort()
        else:
            route.continue_()

    def log_in(self, context: BrowserContext, role: str) -> None:
        page = context.new_page()
        page.goto(f"{self.base}/web/login")
        page.fill("input[name=login]", role)
        page.fill("input[name=password]", self.logins[role])
        page.click("form[action*='/web/login'] button[type=submit]")
        page.wait_for_url(lambda url: "/web/login" not in url)
        page.close()

    def set_language(self, lang: str) -> None:
        """Give every demo login the language; the back office knows no other place for it."""
        context = self.context("admin", 1280, lang)
        users = self.call(context, "res.users", "search", [[["login", "in", list(self.logins)]]])
        self.call(context, "res.users", "write", [users, {"lang": lang}])

    def call(self, context: BrowserContext, model: str, method: str, args: list[Any]) -> Any:
        answer = context.request.post(
            f"{self.base}/web/dataset/call_kw/{model}/{method}",
            data={
                "jsonrpc": "2.0",
                "params": {"model": model, "method": method, "args": args, "kwargs": {}},
            },
        ).json()
        if "error" in answer:
            raise RuntimeError(f"{model}.{method}: {answer['error']['data']['message']}")
        return answer["result"]

    def address(self, url: str) -> str:
        if url.startswith("action:"):
            return f"{self.base}/odoo/action-{url.removeprefix('action:')}"
        return self.base + url

    def take(self, wanted: dict[str, Any], lang: str, width: int) -> None:
        self.current = f"{lang}/{width}/{wanted['name']}"
        page = self.context(wanted["role"], width, lang).new_page()
        page.on("console", lambda m: self.listen(m.type, m.text))
        page.on("pageerror", lambda error: self.tell("script", str(error)))
        target = self.out / lang / str(width) / f"{wanted['name']}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            answer = page.goto(self.address(wanted["url"]), wait_until="load")
            if answer and answer.status >= 400:
                self.tell("status", f"{answer.status} {answer.url}")
            self.settle(page)
            for step in wanted["steps"]:
                self.do(page, *step)
                self.settle(page)
            page.wait_for_selector(wanted["expect"], state="attached")
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            if wide > 1:
                self.tell("sideways", f"{wide} px wider than the screen")
            page.screenshot(path=str(target), full_page=wanted["full"])
        except (BrowserError, RuntimeError) as error:
            self.tell("no picture", str(error).splitlines()[0])
        finally:
            page.close()

    def listen(self, kind: str, text: str) -> None:
        if kind == "error" and f"ERR_{NO_NETWORK}" not in text:
            self.tell("console", text)

    def settle(self, page: Page) -> None:
        """Wait for the web client and for the last request, but not for ever."""
        if "/odoo" in page.url:
            page.wait_for_selector(
                ".o_action_manager .o_view_controller, .o_kh_matrix, .o_home_menu, .o_error"
            )
        try:
            page.wait_for_load_state("networkidle", timeout=5_000)
        except BrowserError:
            return  # a page that polls is never idle; what it shows is there

    def do(self, page: Page, action: str, selector: str, text: str = "") -> None:
        if action == "open":
            page.goto(self.base + selector, wait_until="load")
            return
        if action == "elsewhere":
            self.order_elsewhere(page, selector, text)
            return
        if action == "lose":
            code = NO_NETWORK.lower().replace("_", "")
            page.route(f"**{selector}", lambda route: route.abort(code))
            return
        if action == "hang":
            page.route(f"**{selector}", lambda _route: None)
            return
        optional = action.endswith("?")
        found = page.locator(selector).first
        if optional and not found.count():
            return
        match action.rstrip("?"):
            case "click":
                found.click()
            case "fill":
                found.fill(text)
            case "press":
                found.press(text)
            case "wait":
                found.wait_for()
            case other:
                raise RuntimeError(f"unknown step {other}")

    def order_elsewhere(self, page: Page, url: str, quantity: str) -> None:
        """The same person orders in another tab; what `page` shows is out of date then."""
        other = page.context.new_page()
        other.goto(self.base + url, wait_until="load")
        self.settle(other)
        other.locator("[data-kh-qty]").first.fill(quantity)
        other.locator("[data-kh-add]").first.click()
        self.settle(other)
        other.close()


def main() -> int:
    order = json.load(sys.stdin)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=order["chromium"], args=["--no-sandbox", "--disable-gpu"]
        )
        photographer = Photographer(browser, order)
        for lang in order["languages"]:
            photographer.set_language(lang)
            for width in order["widths"]:
                for page in order["pages"]:
                    if width in page["widths"]:
                        photographer.take(page, lang, width)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

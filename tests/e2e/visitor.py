"""A person with a browser of their own, who notices what a user would: complaints, foreign requests, pages that slide."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, expect

SHOTS = Path(__file__).parent / "shots"
PASSWORD = "a quiet harbour at night"
WIDTHS = {"phone": 390, "desk": 1440}
LANGUAGES = {"en": "en-GB", "zh_Hans": "zh-CN", "zh_Hant": "zh-TW"}
# Beyond these a step counts as failed; the machine that runs this may be busy.
PATIENCE = 30_000
PATIENCE_FOR_JOBS = 120_000


@dataclass
class Visitor:
    """One browser context. `complaints` gathers what no visit may cause; `clean()` demands that there are none."""

    site: str
    context: BrowserContext
    page: Page
    language: str
    width: int
    complaints: list[str] = field(default_factory=list)
    refused_on_purpose: bool = False  # Chromium reports a 422 of a refused form as a console error

    @classmethod
    def open(cls, browser: Browser, site: str, language: str = "en", width: int = 1440) -> Visitor:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale=LANGUAGES[language],
            timezone_id="Asia/Shanghai" if language != "en" else "Europe/London",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        one = cls(site, context, context.new_page(), language, width)
        context.on("request", one._asked)
        context.on("response", one._answered)
        one.page.on("console", lambda said: one._heard(said.type, said.text))
        one.page.on("pageerror", lambda error: one.complaints.append(f"script: {error}"))
        return one

    def _heard(self, kind: str, text: str) -> None:
        if kind not in {"error", "warning"} or (self.refused_on_purpose and "status of 422" in text):
            return
        self.complaints.append(f"console: {text} ({self.page.url})")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.site, "data:", "blob:")):
            self.complaints.append(f"asked another host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status}: {response.request.method} {response.url}")

    def clean(self) -> None:
        """No console errors, no script errors, no policy reports, no other host, no server error so far."""
        assert self.complaints == []

    def goto(self, path: str) -> Page:
        self.page.goto(path if path.startswith("http") else self.site + path)
        return self.page

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def slug(self) -> str:
        """The company of the page that is open."""
        found = re.match(r"/c/([^/]+)/", self.path)
        assert found, f"{self.path} is no page of a company"
        return found[1]

    def company(self, path: str = "", slug: str = "") -> Page:
        """Open a page of the company."""
        return self.goto(f"/c/{slug or self.slug}/{path}")

    def shot(self, name: str) -> None:
        """A picture of the whole page, for people to look at."""
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}-{self.language}-{self.width}.png", full_page=True)

    def fits(self) -> None:
        """The page does not slide sideways."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{self.path} is {wide} px wider than {self.width}"

    def navigation(self) -> list[tuple[str, str]]:
        """Label and path of each entry of the menu."""
        return [
            (str(link.get_attribute("title")), str(link.get_attribute("href"))) for link in self.page.locator("#nav ul a").all()
        ]

    def submit(self, selector: str = "main form") -> None:
        """Press the main button of a form and wait for the next page: for its load, as scripts navigate within a page, too."""
        with self.page.expect_event("load"):
            self.page.locator(selector).locator(".btn-primary, button[type=submit]").first.click()

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.goto("/sign-in")
        self.page.fill("#f-email", email)
        self.page.fill("#f-password", password)
        self.submit()

    def close(self) -> None:
        self.context.close()

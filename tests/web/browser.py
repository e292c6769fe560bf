"""A browser without scripts: it keeps cookies, sends forms with their token, and looks at every answer as a whole."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from .pages import faults_of_page, is_page, parsed


class Browser(FlaskClient):
    """Our pages lie below `prefix`; other addresses are a host's and are not looked at.

    `page` is the page of ours that was seen last.
    """

    prefix = ""
    page: BeautifulSoup | None = None

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **{"buffered": True} | kwargs)
        if response.request.path.startswith(f"{self.prefix}/"):
            self._look_at(response)
        return response

    def _look_at(self, response: TestResponse) -> None:
        path, headers = response.request.path, response.headers
        if response.status_code != 308:  # made by the routing, before any of our code
            assert "Content-Security-Policy" in headers, path
            assert "unsafe" not in headers["Content-Security-Policy"].replace("style-src 'unsafe-inline'", ""), path
            assert headers["X-Content-Type-Options"] == "nosniff", path
            assert headers["Referrer-Policy"] == "same-origin", path
            if not any(part in path for part in ("/static/", "/media/", "/data/", "/runtime/", "/runs/sw.js")):
                assert "no-store" in headers["Cache-Control"], path
        if is_page(response):
            self.page = parsed(response)
            faults = faults_of_page(response, self.page)
            assert not faults, (path, faults)

    @property
    def token(self) -> str:
        """The form token of the page that was seen last."""
        assert self.page is not None, "open a page first"
        return str(self.page.select_one("meta[name=csrf-token]")["content"])  # type: ignore[index]

    def see(self, path: str, status: int = 200, **kwargs: Any) -> BeautifulSoup:
        """The page at an address."""
        response = self.get(path, **kwargs)
        assert response.status_code == status, (path, response.status, response.headers.get("Location"))
        assert self.page is not None
        return self.page

    def send(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """Send a form of the page that was seen last, redirects not followed."""
        return self.post(path, data={"csrf_token": self.token} | (data or {}), **kwargs)

    def sign_in(self, email: str, password: str, *, to: str = "") -> TestResponse:
        where = f"{self.prefix}/sign-in" + (f"?next={to}" if to else "")
        self.see(where)
        return self.send(where, {"by": "email", "email": email, "password": password})

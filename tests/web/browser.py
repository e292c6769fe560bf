"""A browser without scripts: it keeps cookies, sends forms with their token, and looks at every answer as a whole."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from .pages import faults_of_page, is_page, token_of


class Browser(FlaskClient):
    """Our pages lie below `prefix`; other addresses are a host's and are not looked at."""

    prefix = ""
    _shown = ""
    _page: BeautifulSoup | None = None

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
            self._shown, self._page = response.get_data(as_text=True), None
            faults = faults_of_page(response)
            assert not faults, (path, faults)

    @property
    def page(self) -> BeautifulSoup:
        """The page of ours that was seen last."""
        if self._page is None:
            self._page = BeautifulSoup(self._shown, "html.parser")
        return self._page

    @property
    def token(self) -> str:
        """The form token of the page that was seen last."""
        found = token_of(self._shown)
        assert found is not None, "open a page first"
        return found

    def visit(self, path: str, status: int = 200, **kwargs: Any) -> None:
        """Open a page, for its token or for what it leaves behind."""
        response = self.get(path, **kwargs)
        assert response.status_code == status, (path, response.status, response.headers.get("Location"))

    def see(self, path: str, status: int = 200, **kwargs: Any) -> BeautifulSoup:
        """The page at an address."""
        self.visit(path, status, **kwargs)
        return self.page

    def send(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """Send a form of the page that was seen last, redirects not followed."""
        return self.post(path, data={"csrf_token": self.token} | (data or {}), **kwargs)

    def sign_in(self, email: str, password: str, *, to: str = "") -> TestResponse:
        where = f"{self.prefix}/sign-in" + (f"?next={to}" if to else "")
        self.visit(where)
        return self.send(where, {"by": "email", "email": email, "password": password})

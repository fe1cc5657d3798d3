"""A browser without a window: one place, its cookies, forms, and the redirects of that place. It opens nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from socket import socket
from urllib.parse import urlencode, urljoin, urlsplit

from scripts.rehearsal.fetch import fetch_over
from scripts.rehearsal.pages import Form, Page

_MOST_REDIRECTS = 3


class UnexpectedPageError(Exception):
    """A page did not answer as it should."""


@dataclass
class Browser:
    """One person's window on one place."""

    dial: Callable[[], socket]
    host: str
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = "/"
    _cookies: dict[str, str] = field(default_factory=dict)

    def open(self, path: str) -> Page:
        """Open a page."""
        return self._ask("GET", path, None)

    def send(self, form: Form, **typed: str) -> Page:
        """Fill in a form and send it with its first button."""
        return self._ask("POST", urljoin(self.path, form.action or self.path), urlencode(form.filled(**typed)).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> Page:
        for _ in range(_MOST_REDIRECTS):
            sent = dict(self.headers)
            if self._cookies:
                sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            if body is not None:
                sent |= {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
            with self.dial() as line:
                answer = fetch_over(line, self.host, path, method=method, body=body, headers=sent)
            self.path = path
            self._keep(answer.headers)
            if answer.status == 200:  # noqa: PLR2004 - the status of a page
                return Page.read(answer.body.decode())
            there = dict(answer.headers).get("Location")
            if there is None:
                raise UnexpectedPageError(f"{method} {path} answered {answer.status}")
            there = urljoin(path, there)
            method, path, body = "GET", urlsplit(there)._replace(scheme="", netloc="").geturl(), None
        raise UnexpectedPageError(f"{path} leads in circles")

    def _keep(self, headers: tuple[tuple[str, str], ...]) -> None:
        for name, value in headers:
            if name.lower() == "set-cookie":
                cookie, _, content = value.partition(";")[0].partition("=")
                self._cookies[cookie] = content

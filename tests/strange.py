"""Requests that no browser sends, and that the server must answer all the same; {host} stands for our own name."""

FORM = "Content-Type: application/x-www-form-urlencoded"


def get(*headers: str, path: str = "/", version: str = "HTTP/1.1") -> str:
    """Write a GET request with these lines after its Host."""
    return "\r\n".join((f"GET {path} {version}", "Host: {host}", *headers, "", ""))


def post(*headers: str, body: str = "") -> str:
    """Write a POST request to a page that takes a text."""
    return "\r\n".join(("POST /en/tell HTTP/1.1", "Host: {host}", *headers, "", body))


STRANGE = {
    "not HTTP": "hello\r\n\r\n",
    "a bad first line": get(version="HTTP/1.1 more"),
    "a bad version": get(version="HTTP/9.9"),
    "a small method": get().replace("GET", "get"),
    "an old browser": get(version="HTTP/1.0"),
    "a kept connection": get("Connection: keep-alive"),
    "a kept old connection": get("Connection: Keep-Alive", version="HTTP/1.0"),
    "no host": "GET / HTTP/1.1\r\n\r\n",
    "two hosts": get("Host: {host}"),
    "another host": "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
    "a whole address": get(path="http://{host}/"),
    "a bad address": get(path="http://[::1/"),
    "a bad header": get("no colon"),
    "a folded header": get("X: a", "  b"),
    "a NUL": get("X: a\0b"),
    "headers too large": get("X: " + "x" * 300_000),
    "too many headers": get(*["X: y"] * 20_000),
    "a cookie too large": get("Cookie: visit=" + "x" * 7_000, path="/en/tell"),
    "a cookie that is not ours": get("Cookie: visit=e30.aaaaaa.bbbb", path="/en/tell"),
    "a bad length": post(FORM, "Content-Length: x"),
    "a negative length": post(FORM, "Content-Length: -1"),
    "two lengths": post(FORM, "Content-Length: 1", "Content-Length: 2", body="ab"),
    "no length": post(FORM),
    "a body announced too large": post(FORM, "Content-Length: 9999999"),
    "an expectation": post(FORM, "Expect: 100-continue", "Content-Length: 6", body="text=a"),
    "another expectation": post(FORM, "Expect: tea", "Content-Length: 6", body="text=a"),
    "chunks": post(FORM, "Transfer-Encoding: chunked", body="6\r\ntext=a\r\n0\r\n\r\n"),
    "bad chunks": post(FORM, "Transfer-Encoding: chunked", body="zz\r\n\r\n"),
    "another encoding": post(FORM, "Transfer-Encoding: gzip"),
    "chunks and a length": post(FORM, "Transfer-Encoding: chunked", "Content-Length: 3", body="0\r\n\r\n"),
    "a GET with a body": get("Content-Length: 3", path="/en/tell") + "abc",
    "a file": post("Content-Type: multipart/form-data; boundary=b", "Content-Length: 5", body="--b--"),
    "JSON": post("Content-Type: application/json", "Content-Length: 2", body="[]"),
    "bytes that are no text": post(FORM, "Content-Length: 8", body="text=%ff"),
    "an upgrade": get("Connection: Upgrade", "Upgrade: websocket"),
    "compression wanted": get("Accept-Encoding: gzip, br, zstd"),
    "a part wanted": get("Range: bytes=0-9"),
    "a newer one wanted": get("If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT", "If-None-Match: *"),
}

"""A proxy on loopback that passes S3 requests on and counts the bytes of each object that come back."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

CHUNK = 1 << 16


class CountingProxy:
    """Counts what clients got of GET requests, by the object's path: bucket/key."""

    def __init__(self, target: int):
        self.bytes: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        proxy, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def forward(self):
                body = None
                if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                    raise AssertionError("the client sends chunks: not counted yet")
                length = int(self.headers.get("Content-Length") or 0)
                if length:
                    body = self.rfile.read(length)
                server = http.client.HTTPConnection("127.0.0.1", target, timeout=60)
                # The host stays the proxy's: the signature is over it.
                server.putrequest(
                    self.command, self.path, skip_host=True, skip_accept_encoding=True
                )
                for name, value in self.headers.items():
                    if name.lower() not in ("connection", "expect"):
                        server.putheader(name, value)
                server.endheaders(body)
                answer = server.getresponse()
                self.send_response(answer.status, answer.reason)
                for name, value in answer.getheaders():
                    if name.lower() not in ("connection", "transfer-encoding", "date", "server"):
                        self.send_header(name, value)
                if answer.getheader("Content-Length") is None:
                    self.send_header("Connection", "close")
                    self.close_connection = True
                self.end_headers()
                try:
                    self.copy(answer)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the client has what it wanted
                finally:
                    server.close()

            def copy(self, answer):
                path = unquote(urlsplit(self.path).path).lstrip("/")
                get = self.command == "GET" and answer.status in (200, 206)
                if get:
                    with lock:
                        proxy.requests[path] += 1
                while chunk := answer.read(CHUNK):
                    self.wfile.write(chunk)
                    if get:
                        with lock:
                            proxy.bytes[path] += len(chunk)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = forward

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def forget(self) -> None:
        self.bytes.clear()
        self.requests.clear()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

"""A little OpenID Connect provider on loopback. Whoever comes to it is who the test says (`claims`)."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "convoca", "a secret: with signs/%"


@functools.cache
def own_key() -> RSAKey:
    """Made once: it takes long, and every provider may have the same."""
    return RSAKey.generate_key(2048, parameters={"kid": "one", "use": "sig"})


class Provider(ThreadingHTTPServer):
    """`claims` go into the next ID tokens; `signs` with another key, or `algorithm`, makes forged ones."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.key = own_key()
        self.signs: RSAKey | OctKey = self.key
        self.algorithm = "RS256"
        self.claims: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.down = False

    def visit(self, address: str) -> dict[str, str]:
        """Somebody comes and signs in: what the browser takes back, as the callback's query."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert {"openid", "email"} <= set(asked["scope"].split()) and asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def tokens(self, sent: dict[str, list[str]], authorization: str) -> dict[str, str] | None:
        """The answer to a code, once, for whoever has its verifier and our client's secret."""
        asked = self.codes.pop(sent["code"][0], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"][0].encode()).digest()).decode()
        known = base64.b64encode(b"convoca:a+secret%3A+with+signs%2F%25").decode()
        if asked is None or authorization != f"Basic {known}" or challenge.rstrip("=") != asked["code_challenge"]:
            return None
        if sent["redirect_uri"][0] != asked["redirect_uri"]:
            return None
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "7", "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        header = {"alg": self.algorithm, "kid": "one"}
        token = jwt.encode(header, claims | self.claims, self.signs, algorithms=[self.algorithm])
        return {"id_token": token, "access_token": "x", "token_type": "Bearer"}


class Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        """What it says of itself, and its public keys."""
        here = self.server.issuer
        if self.path == "/jwks":
            return self._answer({"keys": [self.server.key.as_dict(private=False)]})
        names = {"authorization_endpoint": "/authorize?tenant=1", "token_endpoint": "/token", "jwks_uri": "/jwks"}
        return self._answer({"issuer": here} | {name: here + path for name, path in names.items()})

    def do_POST(self) -> None:
        """A code for tokens."""
        sent = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        self._answer(self.server.tokens(sent, self.headers.get("authorization", "")))

    def _answer(self, body: Any) -> None:
        self.send_response(503 if self.server.down else 200 if body else 400)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_args: Any) -> None:
        """Nothing on the screen of the tests."""


@contextmanager
def provider() -> Iterator[Provider]:
    """One that runs in a thread."""
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

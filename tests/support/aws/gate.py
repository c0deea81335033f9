"""A door before DynamoDB or S3 that lets in only what is signed as botocore would sign it.

usage: gate.py PORT UPSTREAM_PORT    with KEY, SECRET and perhaps TOKEN in the environment
"""
import hashlib
import http.client
import json
import os
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from oracle import authorization

PORT, UPSTREAM = int(sys.argv[1]), int(sys.argv[2])
KEY, SECRET, TOKEN = (os.environ.get(name, "") for name in ("KEY", "SECRET", "TOKEN"))
PATTERN = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), .*")


SIGNED = {"dynamodb": {"host", "x-amz-date", "x-amz-target", "content-type", "deadcalm-canary"},
          "s3": {"host", "x-amz-date", "x-amz-content-sha256", "deadcalm-canary"}}
REFUSALS = {"dynamodb": ("UnrecognizedClientException", "InvalidSignatureException"),
            "s3": ("InvalidAccessKeyId", "SignatureDoesNotMatch")}


class Gate(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def refusal(self, body):
        """Service and name of the error; no name: let in."""
        given = self.headers.get("Authorization", "")
        parts = PATTERN.match(given)
        if not parts:
            return "dynamodb", "MissingAuthenticationTokenException"
        key, region, service, names = parts.groups()
        unknown, mismatch = REFUSALS[service]
        if key != KEY or self.headers.get("X-Amz-Security-Token", "") != TOKEN:
            return service, unknown
        headers = [(name, self.headers[name]) for name in names.split(";")]
        expected = authorization({
            "method": self.command, "url": f"http://{self.headers['Host']}{self.path}", "headers": headers,
            "body": body.decode(), "service": service, "region": region, "key": KEY, "secret": SECRET})
        if not SIGNED[service] <= set(names.split(";")) or given != expected:
            return service, mismatch
        if self.headers.get("X-Amz-Content-Sha256", "") not in ("", hashlib.sha256(body).hexdigest()):
            return service, mismatch
        return service, ""

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        service, name = self.refusal(body)
        if name and service == "s3":
            status, text = 403, f"<Error><Code>{name}</Code><Message>refused by the gate</Message></Error>".encode()
        elif name:
            status, text = 400, json.dumps(
                {"__type": f"com.amazon.coral.service#{name}", "message": "refused by the gate"}).encode()
        else:
            upstream = http.client.HTTPConnection("127.0.0.1", UPSTREAM, timeout=10)
            upstream.request(self.command, self.path, body, dict(self.headers))
            response = upstream.getresponse()
            status, text = response.status, response.read()
            upstream.close()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET = do_PUT = do_DELETE = answer

    def log_message(self, *args):
        pass


ThreadingHTTPServer(("127.0.0.1", PORT), Gate).serve_forever()

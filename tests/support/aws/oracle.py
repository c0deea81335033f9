"""What botocore's signer says to the requests of a JSON file: one Authorization header a line."""
import json
import sys

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def authorization(case):
    request = AWSRequest(method=case["method"], url=case["url"], data=case["body"].encode())
    for name, value in case["headers"]:
        request.headers[name] = value  # adds: a name may stand several times
        if name.lower() == "x-amz-date":
            request.context["timestamp"] = value
    signer = S3SigV4Auth if case["service"] == "s3" else SigV4Auth
    auth = signer(Credentials(case["key"], case["secret"]), case["service"], case["region"])
    text = auth.string_to_sign(request, auth.canonical_request(request))
    auth._inject_signature_to_request(request, auth.signature(text, request))
    return request.headers["Authorization"]


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as cases:
        for one in json.load(cases):
            print(authorization(one))

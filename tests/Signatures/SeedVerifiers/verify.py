# python3 verify.py matcher|matchaudit < {"payload":"…","headers":{"name":"value"},"secret":"…"}  → valid | invalid
# Feeds one received request to the verification function as its documentation prints it.
import json
import os
import sys

request = json.loads(sys.stdin.buffer.read())
payload, secret = request["payload"], request["secret"]
received = {name.lower(): value for name, value in request["headers"].items()}


def matcher():
    from matcher import verify_webhook
    return verify_webhook(payload, received.get("x-matcher-signature"), received.get("x-matcher-timestamp"), secret)


def matchaudit():
    os.environ["MATCHAUDIT_WEBHOOK_SECRET"] = secret
    from matchaudit import verify_signature
    return verify_signature(payload.encode("utf-8"), received.get("x-matchaudit-signature"))


print("valid" if {"matcher": matcher, "matchaudit": matchaudit}[sys.argv[1]]() else "invalid")

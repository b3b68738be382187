"""Writes what each profile must make of the documents in Events/, without any of the project's code.

Run it after adding a document or a profile, and read the difference before committing it: python3 expect.py
"""
import base64
import datetime
import hashlib
import hmac
import json
import pathlib
import re

HERE = pathlib.Path(__file__).parent
TENANT = "tenant_001"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
ATTEMPT = "1705747801"
SIGNED_DOCUMENT = "payment.posted"


class Number(str):
    """Keeps its spelling."""


class Members(list):
    """An object as pairs, so that order and duplicates are kept."""


def load(path):
    return json.loads(path.read_text("utf-8"), object_pairs_hook=Members, parse_float=Number, parse_int=Number)


def spell(value):
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Members):
        return "{" + ",".join(spell(name) + ":" + spell(member) for name, member in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(spell, value)) + "]"
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda half: "\\u%04x" % ord(half[0]), text)


def moment(timestamp):
    """Unix seconds, and UTC with three decimals."""
    fraction = re.search(r"\.(\d+)", timestamp)
    utc = datetime.datetime.fromisoformat(re.sub(r"\.\d+", "", timestamp).replace("Z", "+00:00")).astimezone(datetime.timezone.utc)
    milliseconds = ((fraction[1] if fraction else "") + "000")[:3]
    return str(int(utc.timestamp())), utc.strftime("%Y-%m-%dT%H:%M:%S.") + milliseconds + "Z"


def bodies(event):
    seconds, milliseconds = moment(event["timestamp"])
    data = dict(event["data"])

    def of(source, *names):
        return [(name, source[name]) for name in names if name in source]

    return {
        "matcher": of(event, "id", "type", "timestamp", "version", "tenant_id", "context_id", "data", "metadata"),
        "matchaudit": of(event, "id", "type") + [("created", milliseconds), ("version", "1")] + of(event, "data"),
        "kyc": of(event, "id", "type") + [("created", Number(seconds))] + of(event, "data"),
        "bookkeeper": of(event, "id", "type", "timestamp") + of(data, "reference_id", "amount", "currency") + of(event, "data"),
        "standard": of(event, "type", "timestamp", "data"),
    }


def headers(profile, event, body):
    """As sent while the old secret is still valid."""
    def signed(prefix):
        return ["sha256=" + hmac.new(secret.encode(), prefix.encode() + body, hashlib.sha256).hexdigest() for secret in (SECRET, OLD_SECRET)]

    def both(name, prefix):
        new, old = signed(prefix)
        return [(name, new), (name + "-Previous", old)]

    ours = [("User-Agent", "Webhooks/<version>")]
    if profile == "matcher":
        return ours + [("X-Matcher-Timestamp", ATTEMPT)] + both("X-Matcher-Signature", ATTEMPT + ".")
    if profile == "matchaudit":
        return ours + [("x-matchaudit-event-id", event["id"])] + both("x-matchaudit-signature", "")
    if profile == "kyc":
        seconds, _ = moment(event["timestamp"])
        named = [("User-Agent", "KYC-Webhooks/1.0"), ("X-Webhook-ID", event["id"]), ("X-Webhook-Timestamp", seconds)]
        return named + both("X-Webhook-Signature", seconds + ".")
    if profile == "bookkeeper":
        return ours + [("X-Bookkeeper-Timestamp", ATTEMPT)] + both("X-Bookkeeper-Signature", ATTEMPT + ".")

    identity = event["id"].replace(".", "_")
    keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in (SECRET, OLD_SECRET)]
    digests = [hmac.new(key, f"{identity}.{ATTEMPT}.".encode() + body, hashlib.sha256).digest() for key in keys]
    signatures = " ".join("v1," + base64.b64encode(digest).decode() for digest in digests)
    return ours + [("webhook-id", identity), ("webhook-timestamp", ATTEMPT), ("webhook-signature", signatures)]


for document in sorted((HERE / "Events").glob("*.json")):
    event = {"tenant_id": TENANT, "version": "1.0"} | dict(load(document))
    for profile, members in bodies(event).items():
        body = spell(Members(members)).encode()
        target = HERE / "Bodies" / profile / document.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body + b"\n")
        if document.stem == SIGNED_DOCUMENT:
            lines = [f"{name}: {value}\n" for name, value in headers(profile, event, body)]
            (HERE / "Headers" / f"{profile}.txt").write_text("".join(lines))

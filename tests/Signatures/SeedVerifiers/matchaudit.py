# As printed in the MatchAudit documentation, "Python example (FastAPI)", less the FastAPI route around it.
import hmac
import hashlib
import os
SECRET = os.environ["MATCHAUDIT_WEBHOOK_SECRET"]
def verify_signature(raw_body: bytes, header: str | None) -> bool:
    if not header:
        return False
    if not header.startswith("sha256="):
        return False
    received = header[len("sha256=") :]
    digest = hmac.new(SECRET.encode("utf-8"), raw_body, hashlib.sha256).hexdigest()
    # constant-time compare
    return hmac.compare_digest(received, digest)

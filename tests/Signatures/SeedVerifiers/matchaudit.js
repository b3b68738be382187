// As printed in the MatchAudit documentation, "Node / TypeScript example (Express)", less what only TypeScript
// understands: type annotations, "import", "as any" and "!".
const crypto = require("crypto");
const MATCHAUDIT_SECRET = process.env.MATCHAUDIT_WEBHOOK_SECRET;
function timingSafeEqual(a, b) {
const aBuf = Buffer.from(a, "utf8");
const bBuf = Buffer.from(b, "utf8");
if (aBuf.length !== bBuf.length) return false;
return crypto.timingSafeEqual(aBuf, bBuf);
}
function handleMatchAuditWebhook(req, res) {
const rawBody = req.rawBody?.toString("utf8") ?? JSON.stringify(req.body);
const sigHeader = req.header("x-matchaudit-signature") || "";
const expected = "sha256=" + crypto
.createHmac("sha256", MATCHAUDIT_SECRET)
.update(rawBody, "utf8")
.digest("hex");
if (!sigHeader || !timingSafeEqual(sigHeader, expected)) {
return res.status(400).send("Invalid webhook signature");
}
const event = JSON.parse(rawBody);
// TODO: handle event.type, event.data, etc.
res.status(200).send("ok");
}

module.exports = { handleMatchAuditWebhook };

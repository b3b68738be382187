// node verify.js matcher|matchaudit < {"payload":"…","headers":{"name":"value"},"secret":"…"}  → valid | invalid
// Feeds one received request to the verification function as its documentation prints it.
const { payload, headers, secret } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const received = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

function matcher() {
  const { verifyWebhook } = require('./matcher.js');
  return verifyWebhook(payload, received['x-matcher-signature'], received['x-matcher-timestamp'], secret);
}

function matchaudit() {
  process.env.MATCHAUDIT_WEBHOOK_SECRET = secret;
  const { handleMatchAuditWebhook } = require('./matchaudit.js');
  let answer;
  const request = { rawBody: Buffer.from(payload, 'utf8'), header: name => received[name.toLowerCase()] };
  handleMatchAuditWebhook(request, { status: code => ({ send: () => { answer = code; } }) });
  return answer === 200;
}

console.log({ matcher, matchaudit }[process.argv[2]]() ? 'valid' : 'invalid');

// Verifies as a receiver would that has installed one of the packages: node verify.js <package>, the request as JSON on stdin.
const { Webhook, WebhookVerificationError } = require(process.argv[2]);
const { payload, headers, secret } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));

try {
  new Webhook(secret).verify(payload, headers);
  console.log('valid');
} catch (fault) {
  if (!(fault instanceof WebhookVerificationError)) throw fault;
  console.log('invalid');
}

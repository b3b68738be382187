using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Webhooks.Signatures;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Sources.Verification;

/// <summary>
/// Decides whether a webhook is its source's, over the bytes as they came. Prepared once a source; pure and thread-safe.
/// All secrets that hold are tried, whichever matches, and compared in constant time.
/// </summary>
internal sealed class SourceVerifier
{
    public const string SecretMismatch = "secret_mismatch";

    private const string AuthorizationHeader = "Authorization";
    private const string BasicScheme = "Basic ";

    private readonly Authentication _authentication;
    private readonly IReadOnlyList<Proof> _proofs;

    public SourceVerifier(SourceSettings settings, IReadOnlyList<SubscriptionSecret> secrets)
    {
        _authentication = settings.Authentication;
        var scheme = _authentication.Method == AuthenticationMethod.Signature ? _authentication.Scheme() : null;
        TimeSpan? tolerance = scheme?.TimestampHeader is not null && settings.ToleranceSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        _proofs = [.. secrets.Select(secret => new Proof(
            secret,
            scheme is null ? null : new SignatureVerifier(scheme, secret.Text) { Tolerance = tolerance },
            scheme is null ? Digest(_authentication.Method == AuthenticationMethod.Basic ? $"{_authentication.Username}:{secret.Text}" : secret.Text) : []))];
    }

    /// <summary>Null: it is the source's. Otherwise the reason, for the operator and never for the sender.</summary>
    /// <param name="headers">A header's value by its name, or null.</param>
    /// <param name="body">Exactly the bytes received.</param>
    /// <param name="now">Decides which secrets hold, and whether a timestamp is fresh.</param>
    public string? FaultOf(Func<string, string?> headers, ReadOnlySpan<byte> body, DateTimeOffset now) =>
        _authentication.Method == AuthenticationMethod.Signature ? FaultOfSignature(headers, body, now) : FaultOfSecret(headers, now);

    private string? FaultOfSignature(Func<string, string?> headers, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        // The source's present secret holds always, so there is a first finding.
        var found = SignatureVerification.SignatureMismatch;
        var isFirst = true;
        foreach (var proof in _proofs.Where(proof => proof.Secret.IsValidAt(now)))
        {
            var finding = proof.Verifier!.Verify(headers, body, now);
            // What an old secret finds counts when it tells more: an authentic webhook that is too old.
            if (isFirst || finding is SignatureVerification.Valid || (finding is SignatureVerification.TimestampOutsideTolerance && found is not SignatureVerification.Valid))
            {
                found = finding;
            }

            isFirst = false;
        }

        return found is SignatureVerification.Valid ? null : found.WireName();
    }

    private string? FaultOfSecret(Func<string, string?> headers, DateTimeOffset now)
    {
        var given = _authentication.Method == AuthenticationMethod.Basic ? Credentials(headers(AuthorizationHeader)) : headers(_authentication.Header!);
        if (string.IsNullOrEmpty(given))
        {
            return SignatureVerification.MissingHeader.WireName();
        }

        // Digests have one length: the time taken tells nothing of the secret's.
        var digest = Digest(given);
        var matches = false;
        foreach (var proof in _proofs.Where(proof => proof.Secret.IsValidAt(now)))
        {
            matches |= CryptographicOperations.FixedTimeEquals(digest, proof.SecretDigest);
        }

        return matches ? null : SecretMismatch;
    }

    private static string? Credentials(string? authorization)
    {
        if (authorization is null || !authorization.StartsWith(BasicScheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var text = authorization[BasicScheme.Length..].Trim();
        var bytes = new byte[(text.Length + 3) / 4 * 3];
        return Convert.TryFromBase64String(text, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private sealed record Proof(SubscriptionSecret Secret, SignatureVerifier? Verifier, byte[] SecretDigest)
    {
        // A record's own would print the secret's digest.
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"a secret valid until {Secret.ValidUntil}");
    }
}

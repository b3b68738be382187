using System.Globalization;
using System.Security.Cryptography;
using Webhooks.Signatures.Templates;

namespace Webhooks.Signatures;

/// <summary>
/// Verifies what <see cref="SigningKey"/> signs. Prepared once for a scheme and its secrets; thread-safe.
/// Whatever is received, the answer is a <see cref="SignatureVerification"/>, never an exception.
/// </summary>
public sealed class SignatureVerifier
{
    private readonly SignatureScheme _scheme;
    private readonly SigningKey[] _keys;
    private readonly string[] _coveredHeaders;

    /// <summary>Prepares the secrets.</summary>
    /// <param name="scheme">How the sender signs.</param>
    /// <param name="secrets">At least one; several while a secret is being rotated: any of them may have signed.</param>
    /// <exception cref="ArgumentException">No secret, or one that is not in the scheme's encoding.</exception>
    public SignatureVerifier(SignatureScheme scheme, params IEnumerable<string> secrets)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        ArgumentNullException.ThrowIfNull(secrets);

        _scheme = scheme;
        _keys = [.. secrets.Select(secret => new SigningKey(scheme, secret))];
        if (_keys.Length == 0)
        {
            throw new ArgumentException("At least one secret is needed to verify with.", nameof(secrets));
        }

        _coveredHeaders =
        [
            .. scheme.Message.Headers,
            .. scheme.Message.UsesId ? [scheme.IdHeader!] : Array.Empty<string>(),
        ];
    }

    /// <summary>
    /// How far the timestamp may be from now, in both directions, bounds included. Null (the default): not checked.
    /// Standard Webhooks uses five minutes.
    /// </summary>
    /// <exception cref="ArgumentException">Negative, or the scheme has no timestamp header to check.</exception>
    public TimeSpan? Tolerance
    {
        get;
        init
        {
            if (value < TimeSpan.Zero || (value is not null && _scheme.TimestampHeader is null))
            {
                throw new ArgumentException("A tolerance must not be negative, and needs a scheme that has a timestamp header.", nameof(value));
            }

            field = value;
        }
    }

    /// <summary>Verifies a message whose headers are looked up by name.</summary>
    /// <param name="headers">A header's value by its name without regard to case, or null when it is absent.</param>
    /// <param name="body">Exactly the bytes received, never JSON that was parsed and written again.</param>
    /// <param name="now">The time to compare the timestamp with; without <see cref="Tolerance"/> it does not matter.</param>
    /// <returns>Where several findings would apply, the first in the order of <see cref="SignatureVerification"/>.</returns>
    public SignatureVerification Verify(Func<string, string?> headers, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(headers);

        var signatures = headers(_scheme.SignatureHeader);
        var timestamp = _scheme.TimestampItem is not null ? FindTimestamp(signatures)
            : _scheme.TimestampHeader is null ? null : headers(_scheme.TimestampHeader);
        if (string.IsNullOrEmpty(signatures)
            || ((Tolerance is not null || _scheme.Message.UsesTimestamp) && string.IsNullOrEmpty(timestamp))
            || Array.Exists(_coveredHeaders, name => string.IsNullOrEmpty(headers(name))))
        {
            return SignatureVerification.MissingHeader;
        }

        var values = new MessageValues
        {
            Body = body,
            Timestamp = timestamp,
            Id = _scheme.IdHeader is null ? null : headers(_scheme.IdHeader),
            Headers = headers,
        };
        var found = Compare(signatures, values);

        // Freshness last: only the timestamp of an authentic message says anything.
        return found is SignatureVerification.Valid && !IsFresh(timestamp, now) ? SignatureVerification.TimestampOutsideTolerance : found;
    }

    /// <summary>Verifies a message whose headers are listed. A repeated header counts as its values joined by ", " (RFC 9110 section 5.3).</summary>
    /// <param name="headers">Names in any case.</param>
    /// <param name="body">Exactly the bytes received.</param>
    /// <param name="now">The time to compare the timestamp with.</param>
    /// <returns>As the other overload.</returns>
    public SignatureVerification Verify(IEnumerable<KeyValuePair<string, string>> headers, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(headers);

        KeyValuePair<string, string>[] received = [.. headers];
        return Verify(Find, body, now);

        string? Find(string name)
        {
            var values = Array.FindAll(received, header => string.Equals(header.Key, name, StringComparison.OrdinalIgnoreCase));
            return values.Length is 0 ? null : string.Join(", ", values.Select(header => header.Value));
        }
    }

    /// <summary>The timestamp among the items of the signature's header; null when it is not there just once: one could be signed and the other read.</summary>
    private string? FindTimestamp(ReadOnlySpan<char> items)
    {
        string? found = null;
        foreach (var range in items.Split(_scheme.Separator))
        {
            if (_scheme.TimestampItem!.TryGetDigest(items[range].Trim(' '), out var timestamp))
            {
                if (found is not null)
                {
                    return null;
                }

                found = timestamp.ToString();
            }
        }

        return found;
    }

    private SignatureVerification Compare(ReadOnlySpan<char> signatures, in MessageValues values)
    {
        Span<byte> received = stackalloc byte[SigningKey.MaxDigestLength];
        received = received[.._keys[0].DigestLength];
        byte[]? expected = null;

        foreach (var range in signatures.Split(_scheme.Separator))
        {
            var signature = _scheme.Multiple is null ? signatures : signatures[range].Trim(' ');
            if (_scheme.Value.TryGetDigest(signature, out var text) && DigestText.TryRead(_scheme.DigestEncoding, text, received))
            {
                // Hashed only now, and once: a header without any well-formed signature costs no hashing.
                expected ??= ComputeDigests(values);
                if (MatchesAny(received, expected))
                {
                    return SignatureVerification.Valid;
                }
            }

            if (_scheme.Multiple is null)
            {
                break;
            }
        }

        return expected is null ? SignatureVerification.MalformedSignature : SignatureVerification.SignatureMismatch;
    }

    /// <summary>The digests under each key, one after the other; empty when the body has no value for a pointer, which nothing matches.</summary>
    private byte[] ComputeDigests(in MessageValues values)
    {
        var length = _keys[0].DigestLength;
        var digests = new byte[_keys.Length * length];
        for (var index = 0; index < _keys.Length; index++)
        {
            if (_keys[index].TryComputeDigest(values, digests.AsSpan(index * length, length)) is not null)
            {
                return [];
            }
        }

        return digests;
    }

    // Constant time, so that an attacker cannot learn a signature byte by byte.
    private static bool MatchesAny(ReadOnlySpan<byte> received, ReadOnlySpan<byte> expected)
    {
        var matches = false;
        for (var start = 0; start < expected.Length; start += received.Length)
        {
            matches |= CryptographicOperations.FixedTimeEquals(received, expected.Slice(start, received.Length));
        }

        return matches;
    }

    private bool IsFresh(string? timestamp, DateTimeOffset now)
    {
        if (Tolerance is not { } tolerance)
        {
            return true;
        }

        var current = now.ToUnixTimeSeconds();
        var allowed = (long)tolerance.TotalSeconds;
        return long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds >= current - allowed
            && seconds <= current + allowed;
    }
}

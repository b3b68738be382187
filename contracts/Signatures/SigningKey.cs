using System.Security.Cryptography;
using Webhooks.Signatures.Templates;

namespace Webhooks.Signatures;

/// <summary>A scheme with one secret, decoded and prepared once. Thread-safe; keep one per secret and sign with it as often as needed.</summary>
public sealed class SigningKey
{
    /// <summary>The longest digest of any algorithm, in bytes.</summary>
    internal const int MaxDigestLength = HMACSHA512.HashSizeInBytes;

    private readonly byte[] _key;

    // Keying a hash costs more than hashing a small body, so one that is keyed waits here for the next caller.
    // One slot is enough: callers at the same moment key their own. Finalization frees what an abandoned key leaves.
    private IncrementalHash? _idle;

    /// <summary>Decodes the secret as the scheme says.</summary>
    /// <param name="scheme">How to sign.</param>
    /// <param name="secret">The secret's text as shown to the tenant.</param>
    /// <exception cref="ArgumentException">The secret is empty or not in the scheme's encoding; its text is not in the message.</exception>
    public SigningKey(SignatureScheme scheme, string secret)
    {
        ArgumentNullException.ThrowIfNull(scheme);

        Scheme = scheme;
        if (!scheme.TryDecodeSecret(secret, out _key))
        {
            throw new ArgumentException(
                scheme.SecretEncoding is SecretEncoding.Base64
                    ? $"The secret must be base64, with or without the prefix '{scheme.SecretPrefix}', and not empty."
                    : "The secret must not be empty.",
                nameof(secret));
        }
    }

    /// <summary>How this key signs.</summary>
    public SignatureScheme Scheme { get; }

    internal int DigestLength => Scheme.Algorithm is SignatureAlgorithm.HmacSha512 ? HMACSHA512.HashSizeInBytes : HMACSHA256.HashSizeInBytes;

    /// <summary>Signs a message and writes the signature header's value.</summary>
    /// <param name="body">Exactly the bytes that are sent.</param>
    /// <param name="timestamp">The timestamp header's text, unix seconds in decimal; needed when the template has <c>{timestamp}</c>.</param>
    /// <param name="id">The id header's text; needed when the template has <c>{id}</c>.</param>
    /// <param name="headers">Finds a sent header's value by name; needed when the template has <c>{header:NAME}</c>.</param>
    /// <returns>For example <c>sha256=5112c9…</c>.</returns>
    /// <exception cref="SigningException">A part of the message is missing, such as a pointer that finds nothing in the body.</exception>
    public string Sign(ReadOnlySpan<byte> body, string? timestamp = null, string? id = null, Func<string, string?>? headers = null)
    {
        Span<byte> buffer = stackalloc byte[MaxDigestLength];
        var digest = buffer[..DigestLength];
        var values = new MessageValues { Body = body, Timestamp = timestamp, Id = id, Headers = headers };
        if (TryComputeDigest(values, digest) is { } missing)
        {
            throw new SigningException($"The message template '{Scheme.MessageTemplate}' cannot be filled: there is no value for {missing.Placeholder}.") { Placeholder = missing.Placeholder };
        }

        Span<char> text = stackalloc char[DigestText.MaxLength];
        text = text[..DigestText.Length(Scheme.DigestEncoding, digest.Length)];
        DigestText.Write(Scheme.DigestEncoding, digest, text);
        var signature = string.Concat(Scheme.Value.Prefix, text, Scheme.Value.Suffix);
        return Scheme.TimestampItem is { } item ? $"{item.Prefix}{timestamp}{item.Suffix}{Scheme.Separator}{signature}" : signature;
    }

    /// <summary>Fills <paramref name="digest"/>; otherwise returns the part of the message that has no value.</summary>
    internal MessagePart? TryComputeDigest(in MessageValues values, Span<byte> digest)
    {
        var hash = Interlocked.Exchange(ref _idle, null) ?? CreateHash();
        var missing = Scheme.Message.AppendTo(hash, values);
        if (missing is not null)
        {
            // It holds half a message and must not be used again.
            hash.Dispose();
            return missing;
        }

        hash.GetHashAndReset(digest);
        Interlocked.Exchange(ref _idle, hash)?.Dispose();
        return null;
    }

    private IncrementalHash CreateHash() => IncrementalHash.CreateHMAC(
        Scheme.Algorithm is SignatureAlgorithm.HmacSha512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256, _key);
}

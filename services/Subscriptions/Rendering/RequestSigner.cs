using System.Globalization;
using Webhooks.Signatures;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Profiles;

namespace Webhooks.Subscriptions.Rendering;

/// <summary>
/// Makes the headers of an attempt, the signature among them. A profile with its secrets, prepared once; thread-safe.
/// </summary>
public sealed class RequestSigner
{
    /// <summary>Added to the signature header's name for the signature by the secret before, while that one is still valid.</summary>
    public const string PreviousSuffix = "-Previous";

    private readonly SigningKey[] _keys;

    /// <param name="profile">The dialect.</param>
    /// <param name="secrets">The signing one first, then those still valid for a grace period, newest first.</param>
    /// <exception cref="ArgumentException">No secret, or the profile's scheme cannot decode the signing one.</exception>
    public RequestSigner(Profile profile, params IEnumerable<string> secrets)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(secrets);

        Profile = profile;
        // An older one that this scheme cannot decode has signed in another profile only: no receiver of this one knows it.
        _keys =
        [
            .. secrets
                .Where((secret, place) => place == 0 || profile.Signature.TryDecodeSecret(secret, out _))
                .Select(secret => new SigningKey(profile.Signature, secret)),
        ];
        if (_keys.Length == 0)
        {
            throw new ArgumentException("At least one secret is needed to sign with.", nameof(secrets));
        }
    }

    public Profile Profile { get; }

    /// <summary>All headers but <c>Content-Type</c>, which is the sender's.</summary>
    /// <param name="eventId">The event's id.</param>
    /// <param name="eventTimestamp">The event's timestamp as its publisher spelled it.</param>
    /// <param name="attemptedAt">When this attempt starts.</param>
    /// <param name="body">Exactly the bytes that are sent.</param>
    public IReadOnlyList<KeyValuePair<string, string>> HeadersFor(
        string eventId, string eventTimestamp, DateTimeOffset attemptedAt, ReadOnlySpan<byte> body)
    {
        ArgumentNullException.ThrowIfNull(eventId);

        // Room for the user agent and at most two signatures.
        var headers = new List<KeyValuePair<string, string>>(Profile.Headers.Count + 3)
        {
            new("User-Agent", Profile.UserAgent ?? UserAgent.Default),
        };
        foreach (var header in Profile.Headers)
        {
            headers.Add(new(header.Name, ValueOf(header, eventId, eventTimestamp, attemptedAt)));
        }

        AddSignatures(headers, body);
        return headers;
    }

    private void AddSignatures(List<KeyValuePair<string, string>> headers, ReadOnlySpan<byte> body)
    {
        var scheme = Profile.Signature;
        var timestamp = Find(scheme.TimestampHeader);
        var id = Find(scheme.IdHeader);

        // A receiver that knows either secret must find its signature: in one header where the scheme allows a list, else in two.
        var signature = _keys[0].Sign(body, timestamp, id, Find);
        if (scheme.Multiple is SignatureSeparator.Space)
        {
            foreach (var key in _keys.AsSpan(1))
            {
                signature += " " + key.Sign(body, timestamp, id, Find);
            }
        }

        headers.Add(new(scheme.SignatureHeader, signature));
        if (scheme.Multiple is null && _keys.Length > 1)
        {
            headers.Add(new(scheme.SignatureHeader + PreviousSuffix, _keys[1].Sign(body, timestamp, id, Find)));
        }

        string? Find(string? name) => headers.Find(header => string.Equals(header.Key, name, StringComparison.OrdinalIgnoreCase)).Value;
    }

    private static string ValueOf(ProfileHeader header, string eventId, string eventTimestamp, DateTimeOffset attemptedAt) => header.Value switch
    {
        HeaderValue.FixedText => header.Argument,
        HeaderValue.EventId => eventId,
        HeaderValue.EventIdWithoutDots => eventId.Replace('.', '_'),
        HeaderValue.AttemptTime => attemptedAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        HeaderValue.EventTime when EventTime.TryParse(eventTimestamp, out var moment) =>
            moment.UnixSeconds.ToString(CultureInfo.InvariantCulture),
        HeaderValue.EventTime => throw new ArgumentException("The event's timestamp cannot be read.", nameof(eventTimestamp)),
        _ => throw new ArgumentOutOfRangeException(nameof(header), header.Value, "Not a header's value."),
    };
}

using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Webhooks.Subscriptions.Rendering;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Subscriptions.Profiles.Overrides;

/// <summary>Headers that a subscription adds to each request. A value; names are the same in any case.</summary>
public sealed class CustomHeaders : IEquatable<CustomHeaders>
{
    private const string UserAgentHeader = "User-Agent";

    private readonly OrderedDictionary<string, string> _values;

    /// <param name="values">By name, in the order they are sent; within the rules.</param>
    public CustomHeaders(IEnumerable<KeyValuePair<string, string>> values) => _values = new(values, StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<KeyValuePair<string, string>> All => [.. _values];

    /// <summary>As they may be shown: credentials are hidden.</summary>
    public IReadOnlyDictionary<string, string> Shown => new OrderedDictionary<string, string>(
        _values.Select(header => KeyValuePair.Create(header.Key, HeaderRules.IsCredential(header.Key, header.Value) ? SecretText.Hidden : header.Value)));

    /// <summary>All of them as JSON, credentials in the clear: to be sealed.</summary>
    public string ToJson() => JsonSerializer.Serialize(_values);

    public static CustomHeaders Parse(string json) => new(JsonSerializer.Deserialize<OrderedDictionary<string, string>>(json)!);

    /// <summary>The value of a header that is shown hidden.</summary>
    public bool TryGetHidden(string name, [NotNullWhen(true)] out string? value) =>
        _values.TryGetValue(name, out value) && HeaderRules.IsCredential(name, value);

    /// <summary>Names that the profile needs for itself, its signature and the one by the secret before.</summary>
    public IEnumerable<string> TakenBy(Profile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        var taken = profile.Headers.Select(header => header.Name)
            .Append(profile.Signature.SignatureHeader)
            .Append(profile.Signature.SignatureHeader + RequestSigner.PreviousSuffix);
        return _values.Keys.Intersect(taken, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The profile that sends these too, before it signs, so that a signature can cover them.</summary>
    public Profile ApplyTo(Profile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        var others = _values.Where(header => !IsUserAgent(header.Key));
        return profile with
        {
            UserAgent = _values.GetValueOrDefault(UserAgentHeader, profile.UserAgent!),
            Headers = [.. profile.Headers, .. others.Select(header => new ProfileHeader(header.Key, HeaderValue.FixedText, header.Value))],
            Confidential = [.. _values.Where(header => HeaderRules.IsCredential(header.Key, header.Value)).Select(header => header.Key)],
        };
    }

    public bool Equals(CustomHeaders? other) => other is not null && _values.SequenceEqual(other._values);

    public override bool Equals(object? obj) => Equals(obj as CustomHeaders);

    public override int GetHashCode() => _values.Aggregate(_values.Count, (hash, header) => HashCode.Combine(hash, header.Key, header.Value));

    private static bool IsUserAgent(string name) => string.Equals(name, UserAgentHeader, StringComparison.OrdinalIgnoreCase);
}

using System.Diagnostics.CodeAnalysis;
using Webhooks.Signatures;

namespace Webhooks.Subscriptions.Profiles;

/// <summary>A named wire dialect. All of it is data: nothing else in the code asks for a profile's name.</summary>
public sealed record Profile
{
    public required string Name { get; init; }

    /// <summary>The body's members, in the order they are sent.</summary>
    public required IReadOnlyList<EnvelopeField> Envelope { get; init; }

    /// <summary>Sent besides the signature; the scheme's timestamp and id headers are among them.</summary>
    public required IReadOnlyList<ProfileHeader> Headers { get; init; }

    public required SignatureScheme Signature { get; init; }

    /// <summary>Null: the product's own.</summary>
    public string? UserAgent { get; init; }

    /// <summary>Names of headers whose values are credentials: they are sent, and neither shown nor recorded.</summary>
    public IReadOnlyList<string> Confidential { get; init; } = [];

    /// <summary>Covers connecting, TLS, sending and the response headers.</summary>
    public required TimeSpan Deadline { get; init; }

    public required RetryOn RetryOn { get; init; }

    /// <summary>Finds a built-in profile by its exact name.</summary>
    public static bool TryFind(string? name, [NotNullWhen(true)] out Profile? profile)
    {
        profile = BuiltInProfiles.All.FirstOrDefault(candidate => candidate.Name == name);
        return profile is not null;
    }
}

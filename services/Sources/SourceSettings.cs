using System.Text.Json.Serialization;
using Webhooks.Signatures;

namespace Webhooks.Sources;

/// <summary>What can be set of a source. Stored whole: a preset that changes later changes no source.</summary>
internal sealed record SourceSettings
{
    /// <summary>The callback's external system, in upper case. One for all of the source's webhooks.</summary>
    public required string ExternalSystem { get; init; }

    public required Authentication Authentication { get; init; }

    /// <summary>How far a signed timestamp may be from now, in seconds; null: it is not looked at.</summary>
    public int? ToleranceSeconds { get; init; }

    /// <summary>Where the idempotency key is; null: the content is the key.</summary>
    public ValuePlace? IdempotencyKey { get; init; }

    public required ValuePlace ExceptionId { get; init; }

    /// <summary>By the names of <see cref="Mapping.MappedField"/>.</summary>
    public required IReadOnlyDictionary<string, FieldMapping> Fields { get; init; }
}

/// <summary>How a webhook proves where it comes from.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AuthenticationMethod>))]
internal enum AuthenticationMethod
{
    /// <summary>A signature over its bytes.</summary>
    [JsonStringEnumMemberName("signature")]
    Signature,

    /// <summary>The secret itself, in a header.</summary>
    [JsonStringEnumMemberName("header")]
    Header,

    /// <summary>HTTP Basic: the secret is the password.</summary>
    [JsonStringEnumMemberName("basic")]
    Basic,
}

/// <summary>The method and what belongs to it; of the others' members nothing is looked at.</summary>
internal sealed record Authentication
{
    public required AuthenticationMethod Method { get; init; }

    /// <summary>The header of the signature, or of the secret.</summary>
    public string? Header { get; init; }

    /// <summary>What proves the sender comes in it, and nothing else may be read out of it.</summary>
    public string? ProofHeader => Method == AuthenticationMethod.Basic ? "Authorization" : Header;

    public string? Username { get; init; }

    public string? MessageTemplate { get; init; }

    public string? ValueTemplate { get; init; }

    public string? TimestampHeader { get; init; }

    public string? TimestampTemplate { get; init; }

    public string? IdHeader { get; init; }

    public SignatureAlgorithm? Algorithm { get; init; }

    public DigestEncoding? DigestEncoding { get; init; }

    public SecretEncoding? SecretEncoding { get; init; }

    public string? SecretPrefix { get; init; }

    public SignatureSeparator? Separator { get; init; }

    /// <summary>The scheme of a signature.</summary>
    /// <exception cref="ArgumentException">Its parts do not go together.</exception>
    public SignatureScheme Scheme() => new(
        Header ?? "",
        MessageTemplate ?? "{body}",
        ValueTemplate ?? "{digest}",
        TimestampHeader,
        IdHeader,
        Algorithm ?? SignatureAlgorithm.HmacSha256,
        DigestEncoding ?? Signatures.DigestEncoding.Hex,
        SecretEncoding ?? Signatures.SecretEncoding.Utf8,
        SecretPrefix,
        Separator,
        TimestampTemplate);
}

/// <summary>Where a value is found.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PlaceKind>))]
internal enum PlaceKind
{
    /// <summary>The last step of the path.</summary>
    [JsonStringEnumMemberName("path")]
    Path,

    /// <summary>A query parameter.</summary>
    [JsonStringEnumMemberName("query")]
    Query,

    /// <summary>A header.</summary>
    [JsonStringEnumMemberName("header")]
    Header,

    /// <summary>A JSON pointer into the body.</summary>
    [JsonStringEnumMemberName("pointer")]
    Pointer,
}

/// <summary>A place: of a path there is only one; anything else has a name.</summary>
internal sealed record ValuePlace(PlaceKind From, string? Name = null);

/// <summary>How one field of the callback is filled.</summary>
internal sealed record FieldMapping
{
    /// <summary>JSON pointers: the first that finds a text, a number, true or false.</summary>
    public IReadOnlyList<string> Pointers { get; init; } = [];

    /// <summary>What a found text stands for; none: it stands for itself.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The value when nothing is found, or something that <see cref="Values"/> does not have.</summary>
    public string? Otherwise { get; init; }
}

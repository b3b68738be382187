using System.Diagnostics.CodeAnalysis;
using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;
using Webhooks.Signatures;
using Webhooks.Subscriptions.Profiles.Overrides;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Management.Subscriptions;

/// <summary>The API's names for the values of a signature's members.</summary>
internal static class SignatureWords
{
    public static Words<SignatureAlgorithm> Algorithms { get; } = new(
        [.. Enum.GetValues<SignatureAlgorithm>().Select(algorithm => (SignatureAlgorithmName.Of(algorithm), algorithm))]);

    public static Words<DigestEncoding> DigestEncodings { get; } = new(
        ("hex", DigestEncoding.Hex), ("base64", DigestEncoding.Base64), ("base64url", DigestEncoding.Base64Url));

    public static Words<SecretEncoding> SecretEncodings { get; } = new(
        ("utf8", SecretEncoding.Utf8), ("base64", SecretEncoding.Base64));
}

/// <summary>Names of the values of one member.</summary>
internal sealed class Words<T>(params (string Name, T Value)[] all)
    where T : struct, Enum
{
    public IEnumerable<string> Names => all.Select(word => word.Name);

    public Reading<T?> Read(string text) => Array.FindIndex(all, word => word.Name == text) is >= 0 and var place
        ? Reading<T?>.Of(all[place].Value)
        : Reading<T?>.Refuse(FieldError.InvalidValue, $"It must be one of {string.Join(", ", Names)}.");

    [return: NotNullIfNotNull(nameof(value))]
    public string? Of(T? value) => value is { } known ? Array.Find(all, word => word.Value.Equals(known)).Name : null;
}

/// <summary>What a subscription's signature overrides; null: the profile's.</summary>
internal sealed record SignatureResponse(
    string? Algorithm,
    string? Header,
    string? MessageTemplate,
    string? ValueTemplate,
    string? DigestEncoding,
    string? SecretEncoding,
    string? SecretPrefix,
    string? TimestampHeader,
    string? IdHeader)
{
    public static SignatureResponse? Of(SignatureOverride? signature) => signature is null ? null : new(
        SignatureWords.Algorithms.Of(signature.Algorithm),
        signature.Header,
        signature.MessageTemplate,
        signature.ValueTemplate,
        SignatureWords.DigestEncodings.Of(signature.DigestEncoding),
        SignatureWords.SecretEncodings.Of(signature.SecretEncoding),
        signature.SecretPrefix,
        signature.TimestampHeader,
        signature.IdHeader);
}

using Microsoft.Extensions.Options;

namespace Webhooks.Subscriptions.Secrets;

/// <summary>The keys that encrypt subscriptions' secrets, and which of them encrypts new ones.</summary>
public sealed class SecretKeyOptions
{
    public const string Section = "Webhooks";

    /// <summary>Of a key in bytes: AES-256.</summary>
    public const int KeySize = 32;

    /// <summary>Key id → 32 bytes in base64. Ids are compared without case, as configuration keys are.</summary>
    public IDictionary<string, string> SecretKeys { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The id of the key that encrypts from now on; the others only decrypt.</summary>
    public string? SecretKeyId { get; set; }
}

/// <summary>Says what is wrong with the keys in sentences that name the configuration key, and never show a key.</summary>
internal sealed class SecretKeyOptionsValidator : IValidateOptions<SecretKeyOptions>
{
    public ValidateOptionsResult Validate(string? name, SecretKeyOptions options)
    {
        var faults = Faults(options).ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Faults(SecretKeyOptions options)
    {
        foreach (var id in options.SecretKeys.Where(key => !IsKey(key.Value)).Select(key => key.Key).Order(StringComparer.Ordinal))
        {
            yield return $"Webhooks:SecretKeys:{id} must be 32 bytes in base64; make one with \"openssl rand -base64 32\".";
        }

        if (string.IsNullOrWhiteSpace(options.SecretKeyId))
        {
            yield return "Webhooks:SecretKeyId is missing: it names the key under Webhooks:SecretKeys that encrypts secrets.";
        }
        else if (!options.SecretKeys.Keys.Contains(options.SecretKeyId, StringComparer.OrdinalIgnoreCase))
        {
            yield return $"Webhooks:SecretKeyId is \"{options.SecretKeyId}\", but Webhooks:SecretKeys:{options.SecretKeyId} is missing.";
        }
    }

    private static bool IsKey(string? text)
    {
        // One byte more than a key: what is too long must not pass as a key.
        Span<byte> key = stackalloc byte[SecretKeyOptions.KeySize + 1];
        return text is not null && Convert.TryFromBase64String(text, key, out var length) && length == SecretKeyOptions.KeySize;
    }
}

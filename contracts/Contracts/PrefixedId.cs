namespace Webhooks.Contracts;

/// <summary>Ids as people see them: a prefix that says what it is, and a UUIDv7 as 32 lower-case hex digits (<c>sub_0192…</c>).</summary>
public static class PrefixedId
{
    /// <summary>A subscription's prefix.</summary>
    public const string Subscription = "sub_";

    /// <summary>A delivery's prefix.</summary>
    public const string Delivery = "dlv_";

    /// <summary>A replay's prefix: the replaying of many deliveries, not one of them.</summary>
    public const string Replay = "rpl_";

    /// <summary>A callback's prefix.</summary>
    public const string Callback = "cbk_";

    /// <summary>A source's prefix: a configured origin of callbacks.</summary>
    public const string Source = "src_";

    /// <summary>A parked message's prefix.</summary>
    public const string Parked = "prk_";

    /// <summary>An API token's prefix.</summary>
    public const string Token = "tok_";

    /// <summary>A prefix of the audit's rows.</summary>
    public const string Audit = "aud_";

    /// <summary>Writes <paramref name="id"/> with its prefix.</summary>
    public static string Format(string prefix, Guid id) => string.Concat(prefix, id.ToString("N"));

    /// <summary>Reads what <see cref="Format"/> writes; anything else is false.</summary>
    public static bool TryParse(string prefix, string? text, out Guid id)
    {
        id = Guid.Empty;
        return text is not null
            && text.Length == prefix.Length + 32
            && text.StartsWith(prefix, StringComparison.Ordinal)
            && Guid.TryParseExact(text.AsSpan(prefix.Length), "N", out id);
    }
}

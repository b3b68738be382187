using System.Buffers;

namespace Webhooks.Subscriptions.Events;

/// <summary>The forms of an event's identifying members (section 1 of the contract).</summary>
public static class EventRules
{
    /// <summary>Levels of objects and arrays in <c>data</c> or <c>metadata</c>, its own included.</summary>
    public const int MaxDepth = 64;

    /// <summary>Types that only the system itself publishes start so.</summary>
    public const string ReservedTypes = "webhook.";

    public const int MaxIdLength = 128;
    public const int MaxTypeLength = 128;
    public const int MaxTenantIdLength = 64;

    private static readonly SearchValues<char> IdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-");

    private static readonly SearchValues<char> TypeCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_.");

    private static readonly SearchValues<char> TenantIdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    /// <summary>1–128 of <c>A-Za-z0-9_.:-</c>.</summary>
    public static bool IsId(ReadOnlySpan<char> text) => text.Length is >= 1 and <= MaxIdLength && !text.ContainsAnyExcept(IdCharacters);

    /// <summary>1–64 of <c>A-Za-z0-9_-</c>.</summary>
    public static bool IsTenantId(ReadOnlySpan<char> text) =>
        text.Length is >= 1 and <= MaxTenantIdLength && !text.ContainsAnyExcept(TenantIdCharacters);

    /// <summary>Words of <c>a-z0-9_</c> with single dots between them, at most 128 characters. A reserved type has this form too.</summary>
    public static bool IsType(ReadOnlySpan<char> text) =>
        text.Length is >= 1 and <= MaxTypeLength
        && !text.ContainsAnyExcept(TypeCharacters)
        && text[0] != '.'
        && text[^1] != '.'
        && !text.Contains("..", StringComparison.Ordinal);

    /// <summary>Is this one of the system's own types?</summary>
    public static bool IsReserved(ReadOnlySpan<char> type) => type.StartsWith(ReservedTypes, StringComparison.Ordinal);

    /// <summary>Text that PostgreSQL can keep: it has no character U+0000. (Half surrogates are refused where JSON is read.)</summary>
    internal static bool IsStorable(ReadOnlySpan<char> text) => !text.Contains('\0');
}

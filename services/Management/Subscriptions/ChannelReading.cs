using System.Buffers;
using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;

namespace Webhooks.Management.Subscriptions;

/// <summary>A label by which a tenant groups subscriptions.</summary>
internal static class ChannelReading
{
    public const int Longest = 64;

    private static readonly SearchValues<char> Characters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-");

    public static Reading<string?> Read(string text) => text.Length is >= 1 and <= Longest && !text.AsSpan().ContainsAnyExcept(Characters)
        ? Reading<string?>.Of(text)
        : Reading<string?>.Refuse(FieldError.InvalidFormat, $"It must have 1 to {Longest} of the characters A-Z, a-z, 0-9, _ . : and -.");
}

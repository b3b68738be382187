using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Webhooks.CallbackIngest.Commands;

/// <summary>
/// A command's id: a function of tenant, route, system, subject and key, so that whoever gets it twice can tell, and so
/// that the id alone is the idempotency key in the database.
/// </summary>
internal static class CommandId
{
    public static Guid Of(string tenantId, string route, string externalSystem, string subjectId, string key) =>
        Hash("webhooks.callback", tenantId, route, externalSystem, subjectId, key);

    /// <summary>
    /// Of a source's webhook. The source's keys are its own: neither another source's nor a caller's of the API can hide
    /// them. A key is one webhook's whatever that is about and whatever system the source stands for.
    /// </summary>
    /// <param name="about">What the webhook is about, where that is a part of the key.</param>
    public static Guid OfWebhook(string tenantId, string route, string sourceId, string key, string? about) => about is null
        ? Hash("webhooks.source", tenantId, route, sourceId, key)
        : Hash("webhooks.source", tenantId, route, sourceId, key, about);

    /// <summary>Of a webhook that is no command, for telling of it once.</summary>
    public static Guid OfInbound(string tenantId, string sourceId, string key, string? about) => about is null
        ? Hash("webhooks.inbound", tenantId, sourceId, key)
        : Hash("webhooks.inbound", tenantId, sourceId, key, about);

    private static Guid Hash(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            Append(hash, part);
        }

        Span<byte> id = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(id);
        // UUID version 8, which RFC 9562 leaves to its makers, of the usual variant.
        id[6] = (byte)((id[6] & 0x0F) | 0x80);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return new Guid(id[..16], bigEndian: true);
    }

    // With its length in front: "ab" and "c" must not be "a" and "bc".
    private static void Append(IncrementalHash hash, string part)
    {
        var utf8 = Encoding.UTF8.GetBytes(part);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, utf8.Length);
        hash.AppendData(length);
        hash.AppendData(utf8);
    }
}

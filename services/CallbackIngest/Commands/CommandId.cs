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
    public static Guid Of(string tenantId, string route, string externalSystem, string subjectId, string key)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in (ReadOnlySpan<string>)["webhooks.callback", tenantId, route, externalSystem, subjectId, key])
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

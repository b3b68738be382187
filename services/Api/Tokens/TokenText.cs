using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Webhooks.Api.Tokens;

/// <summary>What a token looks like, and what is stored of it.</summary>
internal static class TokenText
{
    public const string Prefix = "whk_";

    /// <summary>The prefix and 32 random bytes.</summary>
    public static string Generate() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>SHA-256: a token is random, so no slow hash is needed to keep it from being guessed.</summary>
    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}

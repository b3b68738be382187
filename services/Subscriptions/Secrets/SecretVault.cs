using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Webhooks.Subscriptions.Secrets;

/// <summary>A secret as it is stored.</summary>
/// <param name="KeyId">The configured key that opens it.</param>
/// <param name="Ciphertext">Nonce (12 bytes), tag (16 bytes), text.</param>
public sealed record SealedSecret(string KeyId, byte[] Ciphertext);

/// <summary>
/// Encrypts the secrets of subscriptions and sources at rest (AES-256-GCM). Their owner's id is authenticated with each, so
/// that a ciphertext copied to another one's row does not open there.
/// </summary>
public sealed class SecretVault
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private readonly FrozenDictionary<string, byte[]> _keys;
    private readonly string _currentKeyId;

    public SecretVault(IOptions<SecretKeyOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _keys = options.Value.SecretKeys.ToFrozenDictionary(key => key.Key, key => Convert.FromBase64String(key.Value), StringComparer.OrdinalIgnoreCase);
        _currentKeyId = options.Value.SecretKeyId!;
    }

    /// <summary>The id of the key that encrypts.</summary>
    internal string CurrentKeyId => _currentKeyId;

    internal bool Knows(string keyId) => _keys.ContainsKey(keyId);

    public SealedSecret Seal(Guid ownerId, string secret)
    {
        var text = Encoding.UTF8.GetBytes(secret);
        var ciphertext = new byte[NonceSize + TagSize + text.Length];
        var nonce = ciphertext.AsSpan(0, NonceSize);
        RandomNumberGenerator.Fill(nonce);

        using var aes = new AesGcm(_keys[_currentKeyId], TagSize);
        aes.Encrypt(nonce, text, ciphertext.AsSpan(NonceSize + TagSize), ciphertext.AsSpan(NonceSize, TagSize), Associated(ownerId));
        return new SealedSecret(_currentKeyId, ciphertext);
    }

    /// <exception cref="SecretSealedException">Its key is not configured, or it was altered or belongs to another owner.</exception>
    public string Open(Guid ownerId, SealedSecret secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        if (!_keys.TryGetValue(secret.KeyId, out var key))
        {
            throw new SecretSealedException(
                $"A secret of {ownerId:N} was encrypted with key \"{secret.KeyId}\": configure Webhooks:SecretKeys:{secret.KeyId}.");
        }

        var ciphertext = secret.Ciphertext.AsSpan();
        if (ciphertext.Length < NonceSize + TagSize)
        {
            throw new SecretSealedException($"A secret of {ownerId:N} is too short to be one.");
        }

        var text = new byte[ciphertext.Length - NonceSize - TagSize];
        // One cipher per call: an AesGcm must not be used by two threads at once.
        using var aes = new AesGcm(key, TagSize);
        try
        {
            aes.Decrypt(ciphertext[..NonceSize], ciphertext[(NonceSize + TagSize)..], ciphertext.Slice(NonceSize, TagSize), text, Associated(ownerId));
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new SecretSealedException(
                $"A secret of {ownerId:N} does not open with key \"{secret.KeyId}\": Webhooks:SecretKeys:{secret.KeyId} is another key, or the row was altered.");
        }

        return Encoding.UTF8.GetString(text);
    }

    private static byte[] Associated(Guid ownerId) => ownerId.ToByteArray(bigEndian: true);
}

/// <summary>A stored secret that the configured keys do not open. The message says which configuration key is wrong.</summary>
public sealed class SecretSealedException(string message) : Exception(message);

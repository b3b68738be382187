using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Webhooks.Api.Access;
using Webhooks.Api.Problems;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;
using Webhooks.Database.Settings;

namespace Webhooks.Api.Tokens;

/// <summary>
/// The tokens in memory: no request waits for the database to learn who asks, and while the database is away the last
/// known tokens still hold.
/// </summary>
internal sealed class TokenCache(TokenStore store, TokenUsage usage, SettingsStore settings, IOptions<AdminTokenOptions> options, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _reloading = new(1, 1);
    private readonly byte[] _adminHash = TokenText.Hash(options.Value.AdminToken!);
    private readonly Caller _admin = new("the configured admin token", TenantId: null, Scope.All) { Actor = Actor.AdminToken };
    private Known? _known;

    /// <summary>Null: no such token, or its time is over.</summary>
    /// <exception cref="RefusedException">503: the tokens were never read yet, so nobody can be told that theirs is bad.</exception>
    public Caller? Find(string token)
    {
        var hash = TokenText.Hash(token);
        // In constant time, so that an attacker cannot learn the configured token byte by byte. The others are found by
        // their hash, whose bytes an attacker cannot choose.
        if (CryptographicOperations.FixedTimeEquals(hash, _adminHash))
        {
            return _admin;
        }

        var known = Volatile.Read(ref _known) ?? throw new RefusedException(Problem.Unavailable("The tokens are not read yet. Try again."));
        if (!known.ByHash.TryGetValue(Key(hash), out var found)
            || !CryptographicOperations.FixedTimeEquals(hash, found.Hash)
            || found.ExpiresAt <= clock.GetUtcNow())
        {
            return null;
        }

        usage.Note(found.Id);
        return found.Caller;
    }

    /// <summary>Reads the tokens again when the configuration has changed; cheap when it has not.</summary>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        await _reloading.WaitAsync(cancellationToken);
        try
        {
            // The version first: what changes while the tokens are read is read again the next time.
            var version = (await settings.ReadAsync(cancellationToken)).ConfigVersion;
            if (_known?.Version != version)
            {
                var tokens = await store.LoadAsync(cancellationToken);
                Volatile.Write(ref _known, new Known(version, tokens.ToFrozenDictionary(token => Key(token.Hash), Remember, StringComparer.Ordinal)));
            }
        }
        finally
        {
            _reloading.Release();
        }
    }

    public void Dispose() => _reloading.Dispose();

    private static string Key(byte[] hash) => Convert.ToHexString(hash);

    private static KnownToken Remember(ApiToken token)
    {
        var id = PrefixedId.Format(PrefixedId.Token, token.Id);
        return new KnownToken(token.Id, token.Hash, token.ExpiresAt, new Caller($"token {id}", token.TenantId, token.Scopes.ToFrozenSet(StringComparer.Ordinal))
        {
            Actor = new Actor(id, token.Name),
        });
    }

    private sealed record Known(long Version, FrozenDictionary<string, KnownToken> ByHash);

    private sealed record KnownToken(Guid Id, byte[] Hash, DateTimeOffset? ExpiresAt, Caller Caller);
}

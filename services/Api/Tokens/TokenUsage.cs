using System.Collections.Concurrent;

namespace Webhooks.Api.Tokens;

/// <summary>
/// When each token was last used: noted in memory with every request, written together from time to time. A crash loses
/// what was not written yet, which is worth less than a write in every request.
/// </summary>
internal sealed class TokenUsage(TokenStore store, TimeProvider clock)
{
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _latest = new();

    public void Note(Guid tokenId) => _latest[tokenId] = clock.GetUtcNow();

    /// <summary>Writes what was noted since the last time. What cannot be written is kept for the next.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        var noted = _latest.ToArray();
        if (noted.Length == 0)
        {
            return;
        }

        await store.WriteUsesAsync(noted, cancellationToken);
        foreach (var use in noted)
        {
            // Only what was written: a use of meanwhile stays for the next time.
            _latest.TryRemove(use);
        }
    }
}

using System.Collections.Concurrent;
using System.Net;
using Webhooks.Sending.Shares;

namespace Webhooks.Sending.Connections;

/// <summary>
/// Asks the system's resolver for a host's addresses. The resolver blocks, for ten seconds where a name server is
/// dead; so it gets threads of its own, or fifty dead names would hold up every send that waits for a pool thread.
/// The tenants have them in turn, or hundreds of dead names of one would hold up the new connections of all others.
/// </summary>
/// <param name="resolve">Blocks until it has the addresses.</param>
internal sealed class NameLookups(Func<string, IPAddress[]> resolve)
{
    private const int AtOnce = 64;

    private readonly TenantTurns _turns = new(AtOnce);
    private readonly ConcurrentDictionary<string, Lazy<Task<IPAddress[]>>> _underWay = new();

    // What has no thread yet, for each tenant that asks: one that has hundreds before it keeps nobody else from the same name.
    private readonly ConcurrentDictionary<(string Host, string TenantId), Lazy<Task<IPAddress[]>>> _waiting = new();

    /// <summary>Everybody who asks for the same name while it is being looked up gets the same answer.</summary>
    /// <param name="host">In lower case, as a <see cref="Uri"/> has it.</param>
    /// <param name="tenantId">For whom, if nobody is looking it up.</param>
    public Task<IPAddress[]> LookUpAsync(string host, string tenantId) => _underWay.TryGetValue(host, out var lookup)
        ? lookup.Value
        : _waiting.GetOrAdd((host, tenantId), static (asked, lookups) => new(() => lookups.TakeTurnAsync(asked.Host, asked.TenantId)), this).Value;

    private async Task<IPAddress[]> TakeTurnAsync(string host, string tenantId)
    {
        var turn = await _turns.TakeAsync(tenantId, CancellationToken.None);
        var own = new Lazy<Task<IPAddress[]>>(() => RunAsync(host, turn));
        var lookup = _underWay.GetOrAdd(host, own);
        _waiting.TryRemove((host, tenantId), out _);
        if (lookup != own)
        {
            // It waits for the thread that another has.
            turn.Dispose();
        }

        return await lookup.Value;
    }

    private async Task<IPAddress[]> RunAsync(string host, IDisposable turn)
    {
        try
        {
            return await Task.Factory.StartNew(() => resolve(host), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            turn.Dispose();
            _underWay.TryRemove(host, out _);
        }
    }
}

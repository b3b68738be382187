using System.Collections.Concurrent;
using System.Net;

namespace Webhooks.Sending.Connections;

/// <summary>
/// Asks the system's resolver for a host's addresses. The resolver blocks, for ten seconds where a name server is
/// dead; so it gets threads of its own, or fifty dead names would hold up every send that waits for a pool thread.
/// </summary>
internal sealed class NameLookups : IDisposable
{
    private const int AtOnce = 64;

    private readonly ConcurrentDictionary<string, Lazy<Task<IPAddress[]>>> _underWay = new(StringComparer.OrdinalIgnoreCase);
    private readonly SemaphoreSlim _threads = new(AtOnce);

    /// <summary>Everybody who asks for the same name while it is being looked up gets the same answer.</summary>
    public Task<IPAddress[]> LookUpAsync(string host) =>
        _underWay.GetOrAdd(host, static (name, lookups) => new(() => lookups.RunAsync(name)), this).Value;

    public void Dispose() => _threads.Dispose();

    private async Task<IPAddress[]> RunAsync(string host)
    {
        await _threads.WaitAsync();
        try
        {
            return await Task.Factory.StartNew(
                static name => Dns.GetHostAddresses((string)name!),
                host,
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        }
        finally
        {
            _threads.Release();
            _underWay.TryRemove(host, out _);
        }
    }
}

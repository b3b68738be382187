namespace Webhooks.Dispatcher.Lanes;

/// <summary>For how long something has been so of a subscription, as far as this process has seen.</summary>
internal sealed class Since(TimeProvider clock)
{
    private Dictionary<Guid, long> _first = [];

    /// <summary>It is so of these now; of all others it is not any more.</summary>
    public void See(IEnumerable<Guid> subscriptionIds)
    {
        var now = clock.GetTimestamp();
        _first = subscriptionIds.ToDictionary(id => id, id => _first.GetValueOrDefault(id, now));
    }

    /// <summary>Zero when it is not so.</summary>
    public TimeSpan For(Guid subscriptionId) =>
        _first.TryGetValue(subscriptionId, out var first) ? clock.GetElapsedTime(first) : TimeSpan.Zero;
}

namespace Webhooks.Publisher.Notices;

/// <summary>
/// The second step of the oldest notices: they are published on the bus, and only then deleted. Who dies in between leaves
/// them to be published again, with the same ids.
/// </summary>
internal sealed class PublishingTurn(NoticeStore store, NotificationPublisher publisher) : INoticeTurn
{
    // While a queue confirms nothing, each of them holds a channel for a minute and each turn takes a confirm's timeout, ten
    // seconds: with these, channels stay below the 2,047 that a connection may have.
    private const int Limit = 200;

    // Until they are deleted. While a database answers and refuses (decision 0021), the turn is repeated once a second, and must not
    // publish them again. By their ids, which are the same whatever the database is restored from meanwhile.
    private readonly HashSet<string> _published = [];

    public async Task<bool> RunAsync(CancellationToken stop)
    {
        await using var session = await store.TryBeginAsync(NoticeStep.Publishing, stop);
        if (session is null)
        {
            return false;
        }

        var notices = await session.ReadAsync(Limit, stop);
        if (notices.Where(told => !_published.Contains(told.Notice.Id)).ToList() is { Count: > 0 } untold)
        {
            await publisher.PublishAsync(untold, stop);
            _published.UnionWith(untold.Select(told => told.Notice.Id));
        }

        await session.DeleteAsync(notices, stop);
        _published.ExceptWith(notices.Select(told => told.Notice.Id));
        return notices.Count == Limit;
    }
}

using System.Threading.Channels;

namespace Webhooks.Broker.Consuming;

/// <summary>Takes what is there in groups: full, or as old as the linger allows.</summary>
public static class GroupReader
{
    /// <summary>
    /// Waits for one item, then gathers more up to <paramref name="limit"/> or for <paramref name="linger"/>. Null when the
    /// reader has ended.
    /// </summary>
    public static async Task<IReadOnlyList<T>?> ReadGroupAsync<T>(
        this ChannelReader<T> reader, int limit, TimeSpan linger, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (!await reader.WaitToReadAsync(cancellationToken))
        {
            return null;
        }

        var group = new List<T>(limit);
        Take(reader, group, limit);
        if (group.Count < limit && linger > TimeSpan.Zero)
        {
            await Task.Delay(linger, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Take(reader, group, limit);
        }

        return group;
    }

    private static void Take<T>(ChannelReader<T> reader, List<T> group, int limit)
    {
        while (group.Count < limit && reader.TryRead(out var item))
        {
            group.Add(item);
        }
    }
}

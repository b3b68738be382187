using System.Threading.Channels;
using Webhooks.Broker.Consuming;

namespace Webhooks.Broker.Tests.Consuming;

public sealed class GroupReaderTests
{
    private readonly Channel<int> _items = Channel.CreateUnbounded<int>();

    [Fact]
    public async Task A_group_is_what_is_there_in_order_up_to_the_limit()
    {
        Write(1, 2, 3, 4, 5);

        Assert.Equal([1, 2, 3], await ReadAsync(limit: 3));
        Assert.Equal([4, 5], await ReadAsync(limit: 3));
    }

    [Fact]
    public async Task A_group_begins_with_its_first_item_however_long_that_takes()
    {
        var group = ReadAsync(limit: 3);
        Assert.False(group.IsCompleted);

        Write(1);

        Assert.Equal([1], await group);
    }

    [Fact]
    public async Task The_end_is_no_group()
    {
        Write(1);
        _items.Writer.Complete();

        Assert.Equal([1], await ReadAsync(limit: 3));
        Assert.Null(await ReadAsync(limit: 3));
    }

    [Fact]
    public async Task A_stop_while_it_lingers_loses_nothing_of_the_group()
    {
        Write(1);
        using var stop = new CancellationTokenSource();
        var group = _items.Reader.ReadGroupAsync(limit: 3, TimeSpan.FromHours(1), TimeProvider.System, stop.Token);
        await stop.CancelAsync();

        Assert.Equal([1], await group);
    }

    private void Write(params int[] items) => Assert.All(items, item => Assert.True(_items.Writer.TryWrite(item)));

    private Task<IReadOnlyList<int>?> ReadAsync(int limit) =>
        _items.Reader.ReadGroupAsync(limit, TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None);
}

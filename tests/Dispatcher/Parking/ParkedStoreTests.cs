using Webhooks.Dispatcher.Parking;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Parking;

/// <summary>What is parked is counted with its row, and so as often as there are rows.</summary>
public sealed class ParkedStoreTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_message_is_counted_once_for_its_tenant_or_for_nobody_however_often_it_is_kept()
    {
        var store = new ParkedStore(_world.Database);
        var rows = new[] { "a", null, "a", "b", null, null }.Select(Row).ToList();

        Assert.Equal(2, await store.AddAsync(rows[..2], CancellationToken.None));
        Assert.Equal(4, await store.AddAsync(rows, CancellationToken.None));
        Assert.Equal(0, await store.AddAsync(rows, CancellationToken.None));

        Assert.Equal((2, 1, 3), (await _world.CountedAsParkedAsync("a"), await _world.CountedAsParkedAsync("b"), await _world.CountedAsParkedAsync("")));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static ParkedRow Row(string? tenantId) => new(Guid.CreateVersion7(), tenantId, "webhooks.publisher", "not_json", "It is none.", MessageId: null, [], []);
}

using Webhooks.TestKit.Faults;

namespace Webhooks.Publisher.Tests.Notices;

/// <summary>Notices can be read and published, and not deleted.</summary>
public sealed class When_the_database_refuses_writes : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_publish_each_notice_once()
    {
        var told = await Told.ListenAsync(_world);
        var refused = await RefusedWrites.BeginAsync(_world.Database, "DELETE", "notices");
        await told.LeaveAsync(Enumerable.Range(0, 150).Select(number => Told.Exhausted(number)));

        await _world.StartPublisherAsync();
        await refused.HaveBeenAsync(count: 2, Told.Limit);
        // It comes when others wait to be deleted.
        await told.LeaveAsync(Enumerable.Range(150, 150).Select(number => Told.Exhausted(number)));
        await refused.HaveBeenAsync(count: 4, Told.Limit);
        await refused.EndAsync();

        Assert.Equal(Told.Ids(0, 300), await told.AllAsync());
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}

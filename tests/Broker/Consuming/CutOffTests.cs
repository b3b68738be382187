using Webhooks.Broker.Consuming;
using Webhooks.TestKit;

namespace Webhooks.Broker.Tests.Consuming;

/// <summary>A consumer that the broker lets consume nothing, although it is there.</summary>
public sealed class CutOffTests : IAsyncLifetime
{
    private const string Queue = "work";
    private const string AllBut = "^(?!work$).*";

    private readonly TestClock _clock = new();
    private OurSide _ours = null!;

    public async ValueTask InitializeAsync()
    {
        _ours = new OurSide(await TestBroker.CreateVhostAsync(), _clock);
        await using var peer = await AmqpPeer.ConnectAsync(_ours.Uri);
        await peer.Channel.DeclareQuorumQueueAsync(Queue);
    }

    [Fact]
    public async Task It_is_known_since_when_and_readiness_is_told_when_it_lasts()
    {
        var consumer = _ours.Consume(new ConsumedQueue(Queue, Prefetch: 10), _ => Task.CompletedTask);
        await IsServedAsync(consumer);

        await RefuseAsync();
        await Eventually.TrueAsync(() => consumer.CutOffFor > TimeSpan.Zero, OurSide.Limit, "it to be cut off");
        Assert.Empty(_ours.CutOff);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.InRange(consumer.CutOffFor, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1) + OurSide.Limit);
        Assert.Equal([Queue], _ours.CutOff);

        await PermitReadingAsync(".*");
        await IsServedAsync(consumer);
        Assert.Empty(_ours.CutOff);
    }

    [Fact]
    public async Task One_that_is_paused_misses_nothing()
    {
        var consumer = _ours.Consume(new ConsumedQueue(Queue, Prefetch: 10), _ => Task.CompletedTask);
        await IsServedAsync(consumer);
        consumer.Pause();

        await RefuseAsync();
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.Zero, consumer.CutOffFor);

        consumer.Resume();
        await Eventually.TrueAsync(() => consumer.CutOffFor > TimeSpan.Zero, OurSide.Limit, "it to be cut off");
        Assert.Empty(_ours.CutOff);
    }

    [Fact]
    public async Task Readiness_does_not_ask_for_one_that_is_beside_the_service()
    {
        await PermitReadingAsync(AllBut);
        var consumer = _ours.Consume(new ConsumedQueue(Queue, Prefetch: 10, IsBeside: true), _ => Task.CompletedTask);
        _clock.Advance(TimeSpan.FromMinutes(1));

        await Eventually.TrueAsync(() => consumer.CutOffFor >= TimeSpan.FromMinutes(1), OurSide.Limit, "it to be cut off");
        Assert.Empty(_ours.CutOff);
    }

    public ValueTask DisposeAsync() => _ours.DisposeAsync();

    private static Task IsServedAsync(QueueConsumer consumer) =>
        Eventually.TrueAsync(() => consumer is { IsConsuming: true, CutOffFor.Ticks: 0 }, OurSide.Limit, "it to consume");

    private async Task RefuseAsync()
    {
        await PermitReadingAsync(AllBut);
        await (await TestBroker.ServerAsync()).CloseConnectionsAsync(_ours.Uri);
    }

    private async Task PermitReadingAsync(string pattern) => await (await TestBroker.ServerAsync()).PermitReadingAsync(_ours.Uri, pattern);
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Webhooks.Broker;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Publisher.FanOut;
using Webhooks.Publisher.Notices;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.Notices;

/// <summary>Its owner misses something. Everybody else does not.</summary>
public sealed class When_a_neighbours_queue_confirms_nothing : IAsyncLifetime
{
    private const string Stuck = "stuck";

    private readonly CapturedLog _log = new();
    private World _world = null!;
    private Told _told = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        await _world.SubscribeAsync("webhook.*");
        _told = await Told.ListenAsync(_world);
    }

    [Fact]
    public async Task Should_accept_every_event_at_once_and_give_up_the_notification_after_some_time()
    {
        await BindStuckAsync(new() { ["x-queue-type"] = "quorum" });
        await _world.LoseLeaderAsync(Stuck);
        var links = (await _world.StartPublisherAsync()).Services.GetRequiredService<BrokerLinks>();

        foreach (var number in Enumerable.Range(1, 3))
        {
            await _told.LeaveAsync(Told.Exhausted(number));
            await Eventually.TrueAsync(async () => (await _world.DeliveriesAsync<string>("event_id")).Count == number, Told.Limit, "the event to be accepted");
        }

        Assert.NotEqual(0, await _told.CountAsync());
        var alwaysReady = true;
        await Eventually.TrueAsync(
            async () =>
            {
                alwaysReady &= links.IsReady;
                return await _told.CountAsync() == 0;
            },
            Told.Limit, "the notifications to be given up");
        Assert.True(alwaysReady);
        Assert.Equal(Told.Ids(1, 3), (await _told.AllAsync()).Distinct().Order());
        Assert.Equal(Told.Ids(1, 3), await _world.DeliveriesAsync<string>("event_id"));
    }

    [Fact]
    public async Task Should_try_a_few_times_then_once_and_again_as_ever_when_it_confirms()
    {
        await BindStuckAsync([]);
        await _world.SuspendQueueAsync(Stuck);
        await using var links = Links(confirmTimeout: TimeSpan.FromSeconds(4));
        var publisher = await PublisherAsync(links);

        await publisher.PublishAsync([Stored(1), Stored(2)], CancellationToken.None).WaitAsync(Told.Limit);
        Assert.Equal(Enumerable.Repeat(Told.Ids(1, 2), NotificationPublisher.MostTries).SelectMany(ids => ids), await _told.AllAsync());
        Assert.Single(_log.Lines, line => line.Contains("2 notifications are given up", StringComparison.Ordinal));

        await publisher.PublishAsync([Stored(3)], CancellationToken.None).WaitAsync(Told.Limit);
        Assert.Equal(Told.Ids(3, 1), await _told.AllAsync());

        await _world.ResumeQueueAsync(Stuck);
        await publisher.PublishAsync([Stored(4)], CancellationToken.None).WaitAsync(Told.Limit);
        await _world.SuspendQueueAsync(Stuck);
        await publisher.PublishAsync([Stored(5)], CancellationToken.None).WaitAsync(Told.Limit);
        Assert.Equal([.. Told.Ids(4, 1), .. Enumerable.Repeat("dlv_5_exhausted", NotificationPublisher.MostTries)], await _told.AllAsync());
        await _world.ResumeQueueAsync(Stuck);
    }

    [Fact]
    public async Task Should_publish_again_as_often_as_the_connection_is_lost()
    {
        await BindStuckAsync([]);
        await _world.SuspendQueueAsync(Stuck);
        await using var links = Links(confirmTimeout: TimeSpan.FromMinutes(10));
        var publishing = (await PublisherAsync(links)).PublishAsync([Stored(1)], CancellationToken.None);

        for (var losses = 0; losses <= NotificationPublisher.MostTries; losses++)
        {
            Assert.Equal("dlv_1_exhausted", (await _told.NextAsync()).BasicProperties.MessageId);
            Assert.False(publishing.IsCompleted);
            await _world.CloseConnectionsAsync();
        }

        await _world.ResumeQueueAsync(Stuck);
        await publishing.WaitAsync(Told.Limit);
        Assert.DoesNotContain(_log.Lines, line => line.Contains("given up", StringComparison.Ordinal));
    }

    public ValueTask DisposeAsync()
    {
        _log.Dispose();
        return _world.DisposeAsync();
    }

    private static StoredNotice Stored(int number) => new(number, Told.Exhausted(number));

    private async Task BindStuckAsync(Dictionary<string, object?> arguments)
    {
        await _world.Bus.Channel.QueueDeclareAsync(Stuck, durable: true, exclusive: false, autoDelete: false, arguments);
        await _world.Bus.Channel.QueueBindAsync(Stuck, BrokerNames.NotificationsExchange, "#");
    }

    private BrokerLinks Links(TimeSpan confirmTimeout) => new(
        new BrokerOptions
        {
            Uri = new Uri(_world.Settings().Single(setting => setting.Key == "ConnectionStrings:RabbitMq").Value),
            ClientName = "tests",
            ConfirmTimeout = confirmTimeout,
        },
        TimeProvider.System,
        NullLoggerFactory.Instance);

    private async Task<NotificationPublisher> PublisherAsync(BrokerLinks links) => new(
        links.PublisherToOthers("notifying", BrokerTopology.DeclareNotificationsAsync),
        links.LonePublisher("notifying singly"),
        (await _world.StartPublisherAsync()).Services.GetRequiredService<FanOutMetrics>(),
        TimeProvider.System,
        LoggerFactory.Create(logging => logging.AddProvider(_log)).CreateLogger<NotificationPublisher>());
}

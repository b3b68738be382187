using Microsoft.Extensions.Logging.Abstractions;
using Webhooks.Api.Deadlines;
using Webhooks.Broker;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Management.Tests.Deadlines;

public sealed class BrokerPatienceTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly StoppedClock _clock = new();
    private TcpRelay _relay = null!;
    private BrokerLinks _links = null!;
    private ConfirmedPublisher _publisher = null!;

    public async ValueTask InitializeAsync()
    {
        var broker = new UriBuilder(await TestBroker.CreateVhostAsync());
        _relay = new TcpRelay(broker.Host, broker.Port);
        (broker.Host, broker.Port) = ("127.0.0.1", _relay.Port);
        _links = new BrokerLinks(new BrokerOptions { Uri = broker.Uri, ClientName = "tests" }, TimeProvider.System, NullLoggerFactory.Instance);
        _publisher = _links.Publisher("publishing", channel => BrokerTopology.DeclareAsync(channel, shards: 1));
        await _publisher.WhenReadyAsync(CancellationToken.None).WaitAsync(Limit);
    }

    [Fact]
    public async Task A_connection_that_is_lost_and_back_within_a_second_is_ridden_out()
    {
        for (var round = 0; round < 5; round++)
        {
            _relay.Cut();
            _relay.Restore();

            // The clock stands still: all of this is within the second.
            Assert.Equal(PublishOutcome.Confirmed, await PublishAsync());
        }
    }

    [Fact]
    public async Task A_broker_that_is_away_is_waited_for_one_second_and_no_longer()
    {
        _relay.Cut();
        await Eventually.TrueAsync(() => !_publisher.IsReady, Limit, "the loss to be seen");

        var publishing = PublishAsync();
        _clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(publishing.IsCompleted);

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publishing);
    }

    [Fact]
    public async Task A_broker_that_is_there_and_does_not_answer_is_waited_for_four_seconds()
    {
        _relay.FallSilent();

        var publishing = PublishAsync();
        _clock.Advance(TimeSpan.FromMilliseconds(3_999));
        Assert.False(publishing.IsCompleted);

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publishing);
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _publisher.DisposeAsync();
        await _links.DisposeAsync();
    }

    private async Task<PublishOutcome> PublishAsync()
    {
        using var request = new RequestClock(TimeSpan.FromSeconds(3), _clock);
        var outcome = PublishOutcome.Unknown;
        await new BrokerPatience(_publisher, _clock).RunAsync(
            async token =>
            {
                outcome = (await _publisher.TryPublishAsync([new OutgoingMessage(BrokerNames.EventsExchange, "a", "{}"u8.ToArray())], token))[0];
                return outcome != PublishOutcome.Unknown;
            },
            request,
            CancellationToken.None).WaitAsync(Limit);
        return outcome;
    }
}

using System.Security.Cryptography;
using RabbitMQ.Client;
using Webhooks.Broker.Connections;
using Webhooks.Contracts;
using Webhooks.Local.Running;
using Webhooks.Signatures;

namespace Webhooks.Local.Demo;

/// <summary>
/// The demo: a receiver, a few subscriptions, the catalog's examples over AMQP and over HTTP, and what became of them; then an
/// external system that calls back, and the domain service that its callback reaches as a command.
/// Disposing it deletes the subscriptions, whose receiver is gone then.
/// </summary>
internal sealed class DemoRun : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TimeProvider _clock;
    private readonly Endpoints _endpoints;
    private readonly ManagementApi _api;
    private readonly Dictionary<string, string> _subscriptions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Publication> _publications = new(StringComparer.Ordinal);

    // A tenant of its own for each run: the documented event ids count once per tenant, and data outlives a run.
    private readonly string _tenant = $"demo-{RandomNumberGenerator.GetHexString(6, lowercase: true)}";

    private DemoReceiver? _receiver;

    public DemoRun(Endpoints endpoints, TimeProvider clock)
    {
        _clock = clock;
        _endpoints = endpoints;
        _api = new ManagementApi(endpoints.Management, endpoints.AdminToken);
    }

    /// <exception cref="DemoException">Something did not arrive, or not as it should.</exception>
    public async Task PlayAsync(DemoStory story, CancellationToken cancellationToken)
    {
        _receiver = await DemoReceiver.StartAsync(_clock, cancellationToken);
        foreach (var subscription in DemoSubscription.All)
        {
            var created = await _api.CreateSubscriptionAsync(_tenant, subscription, $"{_receiver.Url}/{subscription.Name}", cancellationToken);
            _subscriptions[subscription.Name] = created.Id;
            _receiver.Expect(subscription, created.Secret);
        }

        story.Subscribed(_tenant, _receiver.Url);

        var examples = ExampleEvent.ReadCatalog(_tenant);
        await PublishAsync(examples, cancellationToken);
        story.Published([.. _publications.Values]);

        await WaitForEverythingAsync(examples, cancellationToken);
        story.Received(_publications, _receiver.Receipts, _clock);

        var failedTwice = (await _api.DeliveriesAsync(_tenant, cancellationToken))
            .Single(delivery => delivery.SubscriptionId == _subscriptions[DemoSubscription.Flaky]);
        story.FailedTwice(await _api.DeliveryAsync(failedTwice.Id, cancellationToken));

        await using var domain = await DomainService.StartAsync(Broker, _tenant, _clock, cancellationToken);
        using var ticket = new ExternalSystem(_endpoints.Callbacks, _endpoints.AdminToken, _tenant);
        var calledAt = _clock.GetTimestamp();
        await ticket.ResolveAsync(isRepeat: false, cancellationToken);
        await ticket.ResolveAsync(isRepeat: true, cancellationToken);
        var command = await domain.Command.WaitAsync(Limit, _clock, cancellationToken);
        story.CalledBack(command.Command, _clock.GetElapsedTime(calledAt, command.At), await AppliedAsync(cancellationToken));
    }

    private async Task<CallbackStory> AppliedAsync(CancellationToken cancellationToken)
    {
        var started = _clock.GetTimestamp();
        while (true)
        {
            var callback = await _api.CallbackAsync(_tenant, cancellationToken);
            if (callback.Status == "applied")
            {
                return callback;
            }

            if (_clock.GetElapsedTime(started) > Limit)
            {
                throw new DemoException($"The domain service has applied the command, but the callback is still {callback.Status} after {Limit.TotalSeconds:0} s.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), _clock, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5), _clock);
            foreach (var id in _subscriptions.Values)
            {
                await _api.DeleteSubscriptionAsync(id, limit.Token);
            }
        }
        catch (Exception failure) when (failure is DemoException or HttpRequestException or OperationCanceledException)
        {
            // Management is away; a subscription of a tenant that publishes nothing any more harms nobody.
        }

        if (_receiver is not null)
        {
            await _receiver.DisposeAsync();
        }

        _api.Dispose();
    }

    // Of a cluster, the first node: the demo needs no more.
    private Uri Broker => BrokerAddress.TryRead(_endpoints.Amqp)![0];

    // In turns: every second one over HTTP.
    private async Task PublishAsync(IReadOnlyList<ExampleEvent> examples, CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory { Uri = Broker };
        await using var connection = await factory.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);
        foreach (var (number, example) in examples.Index())
        {
            var overHttp = number % 2 == 1;
            _publications[example.Id] = new Publication(example, overHttp ? "HTTP" : "AMQP", _clock.GetTimestamp());
            if (overHttp)
            {
                await _api.PublishAsync(example, cancellationToken);
            }
            else
            {
                var properties = new BasicProperties { Persistent = true, ContentType = "application/json" };
                await channel.BasicPublishAsync(BrokerNames.EventsExchange, example.Type, mandatory: true, properties, example.Body, CancellationToken.None);
            }
        }
    }

    private async Task WaitForEverythingAsync(IReadOnlyList<ExampleEvent> examples, CancellationToken cancellationToken)
    {
        var expected = examples.SelectMany(example => DemoSubscription.All
            .Where(subscription => subscription.Wants(example.Type))
            .Select(subscription => (subscription.Name, example.Id))).ToHashSet();
        var started = _clock.GetTimestamp();
        while (true)
        {
            var receipts = _receiver!.Receipts;
            if (receipts.FirstOrDefault(receipt => receipt.Verification is not SignatureVerification.Valid) is { } bad)
            {
                throw new DemoException($"The {bad.Subscription} receiver found the signature of {bad.EventId} to be {bad.Verification.WireName()}.");
            }

            // Delivered is what the database says once the answer is recorded, a moment after the receiver gave it.
            var delivered = (await _api.DeliveriesAsync(_tenant, cancellationToken)).Count(delivery => delivery.Status == "delivered");
            var missing = expected.Except(receipts.Where(receipt => receipt.Answer == StatusCodes.Status200OK)
                .Select(receipt => (receipt.Subscription, receipt.EventId))).ToList();
            if (missing.Count == 0 && delivered == expected.Count)
            {
                return;
            }

            if (_clock.GetElapsedTime(started) > Limit)
            {
                throw new DemoException(missing.Count == 0
                    ? $"All {expected.Count} deliveries arrived, but only {delivered} are recorded as delivered after {Limit.TotalSeconds:0} s."
                    : $"After {Limit.TotalSeconds:0} s {missing.Count} of {expected.Count} deliveries are missing, the first is {missing[0].Item2} at the {missing[0].Item1} receiver.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), _clock, cancellationToken);
        }
    }
}

/// <summary>An example on its way in.</summary>
/// <param name="Event">What was published.</param>
/// <param name="Through">"AMQP" or "HTTP".</param>
/// <param name="At">The clock's timestamp just before.</param>
internal sealed record Publication(ExampleEvent Event, string Through, long At);

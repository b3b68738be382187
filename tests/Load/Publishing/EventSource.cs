using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Webhooks.Broker;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Publishing;
using Webhooks.Contracts;
using Webhooks.Load.Receiving;

namespace Webhooks.Load.Publishing;

/// <summary>Publishes events as any AMQP client would: persistent, mandatory, confirmed.</summary>
internal sealed class EventSource : IAsyncDisposable
{
    public const string EventType = "load.event";
    public const string TenantId = "tenant_load";

    private const string DataText =
        """
        {"exception_id":"exc_001","severity":"HIGH","reason":"NO_MATCH_FOUND","reason_details":"No matching transaction found within tolerance","transaction":{"id":"txn_bank_999","source_id":"src_bank456","source_name":"Chase Bank","external_id":"BANK-2024-999","amount":15000.0,"currency":"USD","date":"2024-01-15","reference":"Wire transfer #7890"},"candidates":[{"transaction_id":"txn_ledger_777","confidence":55,"rejection_reason":"Below 60% threshold"},{"transaction_id":"txn_ledger_778","confidence":52,"rejection_reason":"Below 60% threshold"}],"sla":{"due_at":"2024-01-21T10:30:00Z","hours_remaining":24},"notes":"The counterpart ledger entry was posted with a different value date and a fee that is not in the tolerance rules."}
        """;

    // As many as the broker takes in one go without the publisher standing idle.
    private const int Together = 100;

    private readonly BrokerLinks _broker;
    private readonly ConfirmedPublisher _publisher;
    private readonly string _exchange;
    private readonly string _run = Guid.NewGuid().ToString("N")[..8];

    /// <summary>The data of every event, minified.</summary>
    public static byte[] Data { get; } = Encoding.UTF8.GetBytes(DataText);

    public EventSource(Uri amqp, string exchange = BrokerNames.EventsExchange)
    {
        _exchange = exchange;
        _broker = new BrokerLinks(new BrokerOptions { Uri = amqp, ClientName = "load" }, TimeProvider.System, NullLoggerFactory.Instance);
        _publisher = _broker.Publisher("publishing", _ => Task.CompletedTask);
    }

    public async Task PublishAsync(Tally tally, double rate, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var inFlight = new Queue<Task>();
        for (var number = 0; number < tally.Events;)
        {
            var upTo = rate > 0
                ? Math.Min(tally.Events, (int)(Stopwatch.GetElapsedTime(started).TotalSeconds * rate) + 1)
                : Math.Min(tally.Events, number + Together);
            if (upTo == number)
            {
                // No earlier than it is due, and not a thousand times a second: the client shares its processors with what it measures.
                var untilDue = TimeSpan.FromSeconds(number / rate) - Stopwatch.GetElapsedTime(started);
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(untilDue.TotalMilliseconds))), cancellationToken);
                continue;
            }

            var messages = new List<OutgoingMessage>(upTo - number);
            for (; number < upTo; number++)
            {
                messages.Add(new OutgoingMessage(_exchange, tally.TypeOf(number), Body(tally, number)));
                tally.Published(number);
            }

            inFlight.Enqueue(_publisher.PublishAsync(messages, cancellationToken));
            while (inFlight.Count > 10 || (inFlight.Count > 0 && inFlight.Peek().IsCompleted))
            {
                await inFlight.Dequeue();
            }
        }

        await Task.WhenAll(inFlight);
    }

    public async ValueTask DisposeAsync()
    {
        await _publisher.DisposeAsync();
        await _broker.DisposeAsync();
    }

    /// <summary>A money event of about a kilobyte, as the documented examples are.</summary>
    private byte[] Body(Tally tally, int number) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $$$"""
        {"id":"{{{tally.Prefix}}}_{{{number:D8}}}_{{{_run}}}","type":"{{{tally.TypeOf(number)}}}","timestamp":"2024-01-20T10:30:00Z","version":"1.0","tenant_id":"{{{TenantId}}}","context_id":"ctx_abc123","data":{{{DataText}}},"metadata":{"correlation_id":"req_{{{number}}}","source":"matching_engine"}}
        """));
}

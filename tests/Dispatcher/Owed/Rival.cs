using System.Collections.Concurrent;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Webhooks.Broker.Deliveries;

namespace Webhooks.Dispatcher.Tests.Owed;

/// <summary>A stranger that is handed every message of a queue before the dispatcher, and throws it away: for us, a broker that loses it.</summary>
public sealed class Rival : IAsyncDisposable
{
    private readonly IChannel _channel;
    private readonly ConcurrentQueue<DeliveryMessage> _taken = new();

    private Rival(IChannel channel) => _channel = channel;

    /// <summary>The deliveries that were announced.</summary>
    public IReadOnlyList<DeliveryMessage> Taken => [.. _taken];

    /// <summary>The messages that did so.</summary>
    public int Messages { get; private set; }

    public static async Task<Rival> StartAsync(World world, string queue)
    {
        var rival = new Rival(world.Bus.Channel);
        var consumer = new AsyncEventingBasicConsumer(rival._channel);
        consumer.ReceivedAsync += (_, message) =>
        {
            rival.Messages++;
            foreach (var delivery in Announcement.Read(message.Body.Span, out var _)!)
            {
                rival._taken.Enqueue(delivery);
            }

            return Task.CompletedTask;
        };
        await rival._channel.BasicConsumeAsync(
            queue, autoAck: true, "rival", noLocal: false, exclusive: false, new Dictionary<string, object?> { ["x-priority"] = 10 }, consumer);
        return rival;
    }

    public async ValueTask DisposeAsync() => await _channel.BasicCancelAsync("rival");
}

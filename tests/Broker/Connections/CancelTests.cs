using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Webhooks.Broker.Connections;
using Webhooks.TestKit.Faults;

namespace Webhooks.Broker.Tests.Connections;

public sealed class CancelTests
{
    // Once in some 7,000 a token that was given to the client threw at who canceled it.
    private const int Rounds = 3_000;

    [Fact]
    public async Task Who_cancels_while_a_connection_is_opened_and_breaks_is_told_nothing()
    {
        // Takes connections and ends them.
        await using var relay = new TcpRelay("127.0.0.1", port: 1);
        var options = new BrokerOptions { Uri = new Uri($"amqp://guest:guest@127.0.0.1:{relay.Port}/"), ClientName = "tests" };
        var moments = new Random(1);

        for (var round = 0; round < Rounds; round++)
        {
            await using var connection = new BrokerConnection(options, "canceling", TimeProvider.System, NullLogger<BrokerConnection>.Instance);
            using var cancel = new CancellationTokenSource();
            var opening = Task.Run(() => connection.OpenAsync(cancel.Token));
            var (begun, moment) = (Stopwatch.GetTimestamp(), TimeSpan.FromMicroseconds(moments.Next(2_000)));
            while (Stopwatch.GetElapsedTime(begun) < moment)
            {
                await Task.Yield();
            }

            await cancel.CancelAsync();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
        }
    }
}

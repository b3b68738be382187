using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Outages;

/// <summary>It publishes, and has connections, and gets nothing: somebody took the right away.</summary>
public sealed class When_a_queue_may_not_be_read : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_not_be_ready_and_say_which_until_it_may_be_read()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var dispatcher = await _world.StartDispatcherAsync();
        await Eventually.TrueAsync(async () => (await ReadinessAsync(dispatcher)).Status == HealthStatus.Healthy, World.Limit, "readiness");

        await _world.PermitReadingAsync("^(?!webhooks[.]deliveries[.]0$).*");
        await _world.CloseConnectionsAsync();

        var last = "";
        await Eventually.TrueAsync(
            async () => (last = await MissingAsync(dispatcher)).Contains($"from {BrokerNames.DeliveriesQueue(0)} ", StringComparison.Ordinal), World.Limit, () => $"the queue to be named; it says \"{last}\"");
        Assert.DoesNotContain(BrokerNames.RetriesQueue(0), last, StringComparison.Ordinal);

        await _world.PermitReadingAsync(".*");
        await Eventually.TrueAsync(async () => (await ReadinessAsync(dispatcher)).Status == HealthStatus.Healthy, World.Limit, "readiness");
        await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Url));
        await _world.EndedAsync();
        Assert.Equal(1, receiver.Count);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static Task<HealthReport> ReadinessAsync(ServiceHost dispatcher) => dispatcher.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();

    private static async Task<string> MissingAsync(ServiceHost dispatcher) =>
        string.Join(' ', (await ReadinessAsync(dispatcher)).Entries.Values.Select(entry => entry.Description));
}

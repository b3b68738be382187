using System.Diagnostics;
using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;
using Webhooks.TestKit;

namespace Webhooks.Local.Tests.Provisioning;

public sealed class RabbitMqServerTests
{
    private const string Queue = "kept";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_killed_broker_comes_back_on_its_port_with_what_it_had_confirmed()
    {
        using var owner = await TestDirectory.CreateOwnedAsync("broker");
        await using var server = await RabbitMqServer.StartAsync(owner);
        await PublishAsync(server.ConnectionString, "still here");
        var first = (server.ConnectionString, server.ProcessId);

        // RabbitMQ 3.10 registers a new quorum queue on the disk up to half a second late; killed before, it stays without a leader.
        await server.EvaluateAsync("[dets:sync(Table) || Table <- dets:all()].");

        await server.KillAsync();
        Assert.False(ProcessTable.IsAlive(first.ProcessId));
        await server.RestartAsync();

        Assert.Equal(first.ConnectionString, server.ConnectionString);
        Assert.NotEqual(first.ProcessId, server.ProcessId);
        Assert.Equal("still here", await TakeAsync(server.ConnectionString));
    }

    [Fact]
    public async Task The_process_is_the_Erlang_VM_and_nothing_is_left_after_the_stop()
    {
        using var owner = await TestDirectory.CreateOwnedAsync("broker");
        await using var server = await RabbitMqServer.StartAsync(owner);
        Assert.Equal("beam.smp", ProcessTable.NameOf(server.ProcessId));

        await server.StopAsync();

        await Eventually.TrueAsync(
            () => !ProcessTable.WithEnvironment(OwnedDirectory.MarkVariable, mark => mark == owner.Mark).Any(ProcessTable.IsAlive),
            Limit,
            "the Erlang VM, its port mapper and its other children to be gone");
    }

    [Fact]
    public async Task Dead_lettering_is_set_up_for_fast_retries()
    {
        var server = await TestBroker.ServerAsync();

        Assert.Equal("{ok, 512}", await server.EvaluateAsync("application:get_env(rabbit, dead_letter_worker_consumer_prefetch)."));
        Assert.Equal(
            "{ok, 10000}", await server.EvaluateAsync("application:get_env(rabbit, dead_letter_worker_publisher_confirm_timeout)."));
    }

    [Fact]
    public async Task Virtual_hosts_are_apart_and_cheap()
    {
        await TestBroker.CreateVhostAsync();

        // The quickest of several: a busy machine may hold any one of them up.
        var (one, other, quickest) = ("", "", TimeSpan.MaxValue);
        for (var pair = 0; pair < 10 && quickest >= TimeSpan.FromSeconds(2); pair++)
        {
            var started = Stopwatch.StartNew();
            one = await TestBroker.CreateVhostAsync();
            other = await TestBroker.CreateVhostAsync();
            quickest = started.Elapsed < quickest ? started.Elapsed : quickest;
        }

        Assert.True(quickest < TimeSpan.FromSeconds(2), $"two virtual hosts took {quickest}");

        await PublishAsync(one, "one's");
        await PublishAsync(other, "other's");
        Assert.Equal("one's", await TakeAsync(one));
        Assert.Equal("other's", await TakeAsync(other));
    }

    private static async Task PublishAsync(string broker, string text)
    {
        await using var peer = await AmqpPeer.ConnectAsync(broker);
        await peer.Channel.QueueDeclareAsync(
            Queue, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await peer.PublishAsync("", Queue, text);
    }

    private static async Task<string> TakeAsync(string broker)
    {
        await using var peer = await AmqpPeer.ConnectAsync(broker);
        return (await peer.TakeAsync(Queue)).Text();
    }
}

using System.Globalization;
using Webhooks.Contracts;
using Webhooks.Faults.Injecting;
using Webhooks.Faults.Planning;
using Webhooks.Faults.Running;
using Webhooks.TestKit;

namespace Webhooks.Faults.Tests.Cluster;

/// <summary>Whoever it is, of three RabbitMQ nodes, two publishers or three dispatchers: the others go on.</summary>
public sealed class When_one_of_several_is_killed(ClusteredSystem system, ITestOutputHelper output) : IClassFixture<ClusteredSystem>
{
    private const int Rate = 20;
    private const int Publishers = 2;
    private const int Dispatchers = 3;

    private static readonly TimeSpan MostRecovery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Should_resume_within_ten_seconds_and_lose_nothing()
    {
        await using var trial = await Trial.StartAsync(system.Services, system.Services.Endpoints.Postgres, Rate);
        await RecoveredAsync(trial, FaultTarget.Everything, "the start");
        Assert.Equal(3, await system.Broker.FewestCopiesAsync());

        // Of the events' queue, and of the deliveries': it may be the same node, or another.
        foreach (var queue in new[] { BrokerNames.PublisherQueue, BrokerNames.DeliveriesQueue(0) })
        {
            var leader = await system.Broker.LeaderOfAsync(queue);
            await leader.KillAsync();
            await AssertResumesAsync(trial, FaultTarget.RabbitMq, $"the node that led {queue}");
            await leader.RestartAsync();
            await system.Broker.WaitForAllAsync();
        }

        (string, FaultTarget, string, int)[] services =
        [
            ("publisher", FaultTarget.Publisher, BrokerNames.PublisherQueue, Publishers),
            ("dispatcher", FaultTarget.Dispatcher, BrokerNames.DeliveriesQueue(0), Dispatchers),
        ];
        foreach (var (name, target, queue, count) in services)
        {
            for (var which = 0; which < count; which++)
            {
                // One of several: who was killed before is at work again by then.
                await system.Broker.WaitForConsumersAsync(queue, count);
                var killed = system.Services.Kill(name, which);
                await AssertResumesAsync(trial, target, $"{name} {which + 1}");
                await system.Services.WaitForRestartAsync(name, killed);
            }
        }

        var judgement = await trial.EndAsync(Patience);
        Assert.Empty(judgement.Verdict.Findings);
        output.WriteLine($"{judgement.Evidence.Confirmed.Count} events, {judgement.Verdict.Wanted} deliveries, {judgement.Verdict.Duplicates} twice");
    }

    private async Task AssertResumesAsync(Trial trial, FaultTarget target, string killed)
    {
        var recovery = await RecoveredAsync(trial, target, killed);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{killed} killed: fresh events were delivered after {recovery.TotalSeconds:0.00} s"));
        Assert.InRange(recovery, TimeSpan.Zero, MostRecovery);
    }

    private static async Task<TimeSpan> RecoveredAsync(Trial trial, FaultTarget target, string what)
    {
        var recovery = trial.Recoveries.Await(new FaultKind(target, FaultDeed.Kill, 0, 0), receiver: null);
        await Eventually.TrueAsync(() => recovery.After is not null, Patience, $"an event is delivered that was published after {what}");
        return recovery.After!.Value;
    }
}

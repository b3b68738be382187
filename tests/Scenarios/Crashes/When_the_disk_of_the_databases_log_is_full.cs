using System.Net;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Scenarios.Tests.Crashes;

/// <summary>PostgreSQL panics over its write-ahead log, and panics again at every start, until there is room.</summary>
[Collection(CrashCollection.Name)]
public sealed class When_the_disk_of_the_databases_log_is_full(CrashingSystem system)
{
    private static readonly string[] Services = ["publisher", "dispatcher", "management", "callback_ingest"];

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Should_wait_for_room_and_deliver_everything()
    {
        Assert.SkipUnless(TemporaryDisk.IsPossible, "Mounting a small disk needs root.");
        await using var load = await Load.StartAsync(system.Running, subscriptions: 2);
        await using var disk = await SmallLogDisk.MoveAsync(system.Running);
        var before = Running();

        await load.PublishWhileAsync(async () =>
        {
            await load.WaitForMoreAsync(200);
            await disk.FillAsync();
            await IsReadyAsync(HttpStatusCode.ServiceUnavailable);
            disk.MakeRoom();
            await IsReadyAsync(HttpStatusCode.OK);
            await load.WaitForMoreAsync(200);
        });

        await load.AssertNothingIsLostAsync();
        Assert.Equal(before, Running());
    }

    private List<int> Running() => [.. Services.SelectMany(name => system.Running.Endpoints.Processes[name])];

    private Task IsReadyAsync(HttpStatusCode expected) => Eventually.TrueAsync(
        async () => (await system.Running.Management.Http.GetAsync(new Uri("health/ready", UriKind.Relative))).StatusCode == expected, Limit, $"readiness to be {expected}");
}

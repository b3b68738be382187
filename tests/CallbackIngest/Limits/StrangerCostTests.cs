using System.Diagnostics;
using Npgsql;
using Webhooks.CallbackIngest.Tests.Sources;

namespace Webhooks.CallbackIngest.Tests.Limits;

/// <summary>The whole internet may call, and costs the database nothing until it has said who it is.</summary>
public sealed class StrangerCostTests(World world) : IClassFixture<World>
{
    private const int Each = 250;

    // What the service does by itself, and that goes on for longer on a slow machine: each of the strangers would be one more.
    private const int BackgroundInASecond = 15;

    [Fact]
    public async Task A_thousand_strangers_make_no_command_of_the_database()
    {
        var source = await world.CreateSourceAsync("jira");
        var name = new NpgsqlConnectionStringBuilder(world.Postgres.ConnectionString).Database;
        var commands = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = from => from.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => Interlocked.Add(ref commands, activity.TagObjects.Any(tag => Equals(tag.Value, name)) ? 1 : 0),
        };
        ActivitySource.AddActivityListener(listener);
        await world.Ingest.AcceptAsync(IngestClient.Body(), "counted");
        Assert.InRange(Interlocked.Exchange(ref commands, 0), 1, int.MaxValue);
        var started = Stopwatch.StartNew();

        await Parallel.ForEachAsync(Enumerable.Range(0, Each), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (number, _) =>
        {
            Assert.Equal(401, (await world.Ingest.SendAsync(IngestClient.Body(), $"k-{number}", token: null)).Status);
            Assert.Equal(401, (await world.Ingest.SendAsync(IngestClient.Body(), $"k-{number}", $"whk_never_made_by_anybody_{number}")).Status);
            Assert.Equal(401, (await world.JiraAsync($"{source}/exc_{number}", "{}", $"k-{number}", secret: "another secret of somebody")).Status);
            Assert.Equal(404, (await world.JiraAsync($"src_{number:x32}/exc", "{}", $"k-{number}")).Status);
        });

        Assert.InRange(Volatile.Read(ref commands), 0, (Each / 2) + (BackgroundInASecond * (int)started.Elapsed.TotalSeconds));
    }
}

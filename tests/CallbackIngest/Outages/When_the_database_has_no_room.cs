using Webhooks.Contracts;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.CallbackIngest.Tests.Outages;

/// <summary>Its disk is full: what would have to be written is refused, and what has come already waits.</summary>
public sealed class When_the_database_has_no_room
{
    [Fact]
    public async Task Should_answer_503_and_hold_results_until_there_is_some()
    {
        // Some pages have room left when the disk has none: so many that it is used up.
        const int MoreThanFits = 50;
        Assert.SkipUnless(SmallDisk.IsPossible, "Mounting a small disk needs root.");
        await using var disk = await SmallDisk.CreateAsync();
        await using var world = await World.EmptyAsync(disk.ConnectionString);
        var ingest = await world.StartIngestAsync();
        foreach (var before in Enumerable.Range(0, MoreThanFits))
        {
            await ingest.AcceptAsync(IngestClient.Body(), $"before-{before}");
        }

        var commands = (await world.CommandsAsync()).Select(command => Guid.Parse(command.BasicProperties.MessageId!)).ToList();
        Assert.Equal(MoreThanFits, commands.Count);

        disk.Fill();
        var (answer, key, number) = ((Answer?)null, "", 0);
        await Eventually.TrueAsync(
            async () => (answer = await ingest.SendSoonAsync(key = $"filling-{number++}")).Status == 503, World.Limit, "the pages to be used up");
        answer!.IsUnavailable();
        foreach (var command in commands)
        {
            await world.SayAsync(command, "applied", reason: new string('x', 1_000));
        }

        await ingest.ReadinessIsAsync(503);
        Assert.NotEqual(MoreThanFits, await AppliedAsync(world));
        disk.MakeRoom();

        await Eventually.TrueAsync(async () => await AppliedAsync(world) == MoreThanFits, World.Limit, "every result to be applied");
        await ingest.ReadinessIsAsync(200);
        await Eventually.TrueAsync(async () => (await ingest.SendAsync(IngestClient.Body(), key)).Status == 200, World.Limit, "the callback to be accepted");
        Assert.Equal(0, await world.Bus.CountAsync(BrokerNames.ParkingQueue));
    }

    private static Task<long> AppliedAsync(World world) => world.Database.ScalarAsync<long>("SELECT count(*) FROM callbacks WHERE status = 'applied'");
}

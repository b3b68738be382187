using System.Text.Json;
using RabbitMQ.Client;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Keys;

public sealed class KeyRaceTests(World world) : IClassFixture<World>
{
    [Fact]
    public async Task Two_hundred_parallel_requests_with_one_key_make_one_command()
    {
        var second = await world.StartIngestAsync();
        var key = "";
        var answers = await IngestClient.BurstAsync(round =>
        {
            key = $"race-1-{round}";
            return Enumerable.Range(0, 200).Select(number => (number % 2 == 0 ? world.Ingest : second).SendAsync(IngestClient.Body(system: "RACE"), key));
        });

        Assert.Equal(1, answers.Count(answer => answer.Replayed == "false"));
        Assert.All(answers, answer => Assert.True(answer.Status is 200 or 409, answer.Text));
        Assert.All(answers.Where(answer => answer.Status == 409), answer => answer.IsProblem(409, "callback_in_progress"));
        Assert.Single(await world.CommandsAsync(), command => KeyOf(command) == key);
    }

    [Fact]
    public async Task A_failed_key_is_taken_by_exactly_one_of_many()
    {
        var second = await world.StartIngestAsync();
        await world.Ingest.AcceptAsync(IngestClient.Body(system: "AGAIN"), "race-2");
        var commandId = Guid.Parse((await world.CommandAsync()).BasicProperties.MessageId!);
        var judged = 0;
        for (var round = 0; round < 30 && judged < 3; round++)
        {
            await world.SayAsync(commandId, "failed");
            await world.StatusIsAsync("race-2", "failed");

            var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(number => (number % 2 == 0 ? world.Ingest : second).SendAsync(IngestClient.Body(system: "AGAIN"), "race-2")));
            var commands = await world.CommandsAsync();
            if (Array.Exists(answers, answer => answer.IsToBeRepeated))
            {
                // Held up by a busy machine: that one may be the one that has it.
                continue;
            }

            judged++;
            Assert.Equal(1, answers.Count(answer => answer.Replayed == "false"));
            Assert.All(answers, answer => Assert.True(answer.Status is 200 or 409, answer.Text));
            Assert.Equal(commandId.ToString(), Assert.Single(commands).BasicProperties.MessageId);
        }

        Assert.Equal(3, judged);
    }

    [Fact]
    public async Task A_change_is_superseded_when_a_later_one_of_the_same_ticket_was_accepted_before_whoever_took_it()
    {
        var second = await world.StartIngestAsync();
        var times = Enumerable.Range(0, 30).Select(number => $"2024-01-20T10:{number:00}:00Z").ToArray();
        new Random(1).Shuffle(times);

        var latest = "";
        foreach (var (number, time) in times.Index())
        {
            await (number % 2 == 0 ? world.Ingest : second).AcceptAsync(IngestClient.Body(system: "ORDER", updatedAt: time), $"order-{number}");
            Assert.Equal(string.CompareOrdinal(time, latest) < 0, await IsSupersededAsync($"order-{number}"));
            latest = string.CompareOrdinal(time, latest) > 0 ? time : latest;
        }

        await world.Ingest.AcceptAsync(IngestClient.Body(system: "ORDER", updatedAt: "2024-01-20T10:28:59.9999Z"), "order-late");
        await world.Ingest.AcceptAsync(IngestClient.Body(system: "ORDER", updatedAt: "2024-01-20T10:29:00Z"), "order-same");
        await world.Ingest.AcceptAsync(IngestClient.Body(system: "ORDER"), "order-unsaid");
        Assert.Equal((true, false, false), (await IsSupersededAsync("order-late"), await IsSupersededAsync("order-same"), await IsSupersededAsync("order-unsaid")));

        // Another exception's ticket, and another system's, is another matter.
        await world.Ingest.AcceptAsync(IngestClient.Body(system: "ORDER", updatedAt: "2024-01-20T10:00:00Z"), "order-other", exceptionId: "exc_other");
        await world.Ingest.AcceptAsync(IngestClient.Body(system: "ORDER2", updatedAt: "2024-01-20T10:00:00Z"), "order-other-2");
        Assert.Equal((false, false), (await IsSupersededAsync("order-other"), await IsSupersededAsync("order-other-2")));
        await world.CommandsAsync();
    }

    [Fact]
    public async Task Of_changes_that_come_at_once_the_latest_is_never_superseded()
    {
        var second = await world.StartIngestAsync();
        var keys = "";
        var answers = await IngestClient.BurstAsync(round =>
        {
            keys = $"once-{round}-";
            return Enumerable.Range(0, 60).Select(number => (number % 2 == 0 ? world.Ingest : second).SendAsync(
                IngestClient.Body(system: $"ATONCE {round}", updatedAt: $"2024-01-20T10:{number:00}:00Z"), $"{keys}{number}"));
        });

        Assert.All(answers, answer => answer.IsAccepted());
        Assert.False(await IsSupersededAsync($"{keys}59"));
        Assert.Equal(60, (await world.CommandsAsync()).Count(command => KeyOf(command).StartsWith(keys, StringComparison.Ordinal)));
    }

    private static string KeyOf(BasicGetResult command) => JsonElement.Parse(command.Body.Span).GetProperty("idempotency_key").GetString()!;

    private Task<bool> IsSupersededAsync(string key) =>
        world.Database.ScalarAsync<bool>("SELECT superseded FROM callbacks WHERE idempotency_key = $1", key);
}

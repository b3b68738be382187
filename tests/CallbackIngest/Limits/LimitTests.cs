using System.Reflection;
using Microsoft.Extensions.Options;
using Webhooks.CallbackIngest.Limits;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Limits;

public sealed class LimitTests(World world) : IClassFixture<World>
{
    private static readonly DateTimeOffset Now = new(2024, 1, 20, 10, 30, 0, TimeSpan.Zero);

    [Fact]
    public async Task More_new_keys_than_the_limit_in_a_minute_are_429_and_repeats_are_free()
    {
        var limited = await world.StartIngestAsync(("Webhooks:CallbacksPerMinute", "5"));
        var system = "";
        var answers = await IngestClient.BurstAsync(round =>
        {
            system = $"LIMITED {round}";
            return Enumerable.Range(0, 12).Select(number => limited.SendAsync(IngestClient.Body(system: system), $"limit-{number}"));
        });

        Assert.Equal(5, answers.Count(answer => answer.Status == 200));
        var refused = answers.Where(answer => answer.Status != 200).ToList();
        Assert.All(refused, answer => answer.IsProblem(429, "rate_limited"));
        Assert.All(refused, answer => Assert.InRange(answer.RetryAfter!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)));

        var taken = await world.Database.ColumnAsync<string>("SELECT idempotency_key FROM callbacks WHERE external_system = $1", system);
        Assert.Equal(5, taken.Count);
        foreach (var key in taken)
        {
            (await limited.SendAsync(IngestClient.Body(system: system), key)).IsAccepted(replayed: true);
        }

        // Each tenant and each system has its own.
        await limited.AcceptAsync(IngestClient.Body(system: "OTHER"), "limit-0");
        await limited.AcceptAsync(IngestClient.Body(system: system), "limit-0", World.OtherToken);

        // One leaves the minute: there is room for one.
        await world.Database.ExecuteAsync("UPDATE callbacks SET created_at = created_at - interval '61 seconds' WHERE id = (SELECT min(id::text)::uuid FROM callbacks WHERE external_system = $2 AND tenant_id = $1)", World.Tenant, system);
        await limited.AcceptAsync(IngestClient.Body(system: system), "limit-new-1");
        (await limited.SendAsync(IngestClient.Body(system: system), "limit-new-2")).IsProblem(429, "rate_limited");
    }

    [Fact]
    public void There_is_room_when_the_oldest_leaves_the_minute()
    {
        var window = new MinuteWindow(limit: 2, count: 2, oldest: Now.AddSeconds(-50));

        Assert.True(window.IsFull);
        Assert.Equal(TimeSpan.FromSeconds(10), window.RoomAfter(Now));
        Assert.Equal(TimeSpan.FromSeconds(1), window.RoomAfter(Now.AddSeconds(9.9)));
    }

    [Fact]
    public void A_limit_of_zero_is_none()
    {
        var window = new MinuteWindow(limit: 0, count: 0, oldest: null);
        window.Add();

        Assert.False(window.IsFull);
    }

    [Theory]
    [InlineData("Webhooks:CallbacksPerMinute", "-1")]
    [InlineData("Webhooks:CallbackLease", "00:00:01")]
    [InlineData("Webhooks:CommandRepeatAfter", "00:00:00")]
    [InlineData("Webhooks:CallbackRetentionDays", "0")]
    public async Task A_wrong_option_stops_the_service_with_a_sentence_that_names_the_key(string key, string value)
    {
        // Run as a process would: the factory of the other tests tells now and then of what it disposed of instead.
        string[] arguments = [.. world.Settings((key, value)).Append(new("urls", "http://127.0.0.1:0")).Select(setting => $"--{setting.Key}={setting.Value}")];

        var stopped = await Assert.ThrowsAsync<TargetInvocationException>(
            () => Task.Run(() => typeof(CallbackOptions).Assembly.EntryPoint!.Invoke(null, [arguments])).WaitAsync(World.Limit));

        Assert.Contains(key, Assert.IsType<OptionsValidationException>(stopped.InnerException).Message, StringComparison.Ordinal);
    }
}

using Webhooks.Subscriptions.Shaping.Transforms;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Shares;

/// <summary>A template of a few bytes makes a mebibyte of a small event, and its receiver takes its time.</summary>
public sealed class When_templates_make_large_bodies
{
    private const int Many = 200;
    private const int Most = 64;

    private static readonly string Data = $$"""{"x":"{{new string('x', 760)}}"}""";

    private static readonly EventTransform Large = EventTransform.Parse("""{"template":{"all":[""" + string.Join(',', Enumerable.Repeat("\"{/data/x}\"", 1_000)) + "]}}");
    private static readonly EventTransform Small = EventTransform.Parse("""{"template":{"id":"{/id}"}}""");

    [Fact]
    public Task Should_hold_few_of_them_at_once_and_leave_room_for_everybody_else() => WhileTheyHang.IsSeenAsync(async world =>
    {
        await using var hanging = await HeldReceiver.StartAsync();
        await using var well = await TestReceiver.StartAsync();
        var large = await world.SubscribeAsync(World.SettingsFor(hanging.Requests.Url, "*") with { Transform = Large, Timeout = HeldReceiver.Deadline });
        var small = await world.SubscribeAsync(World.SettingsFor(well.Url, "*") with { Transform = Small });
        var plain = await world.SubscribeAsync(well.Url);
        await world.StartDispatcherAsync();

        await world.AnnounceAsync(await world.AcceptAsync(large, Many, Data));
        await hanging.Requests.WaitForAsync(Most);
        await world.AnnounceAsync(await world.AcceptAsync(small, count: 20));
        await world.AnnounceAsync(await world.AcceptAsync(plain, count: 20));
        var wrong = await WhileTheyHang.LookAsync(
            world, hanging.Requests, () => world.DeliveriesAsync<string>("status"), statuses => statuses.Count(status => status == "delivered") == 40);
        if (wrong is not null)
        {
            return "not all others were delivered";
        }

        if (hanging.Requests.Count != Most)
        {
            return $"{hanging.Requests.Count} on the wire";
        }

        hanging.Release();

        await world.EndedAsync();
        Assert.Equal((Many, 40), (hanging.Requests.Count, well.Count));
        Assert.All(hanging.Requests.Requests, request => Assert.InRange(request.Body.Length, 700_000, 1024 * 1024));
        return null;
    });
}

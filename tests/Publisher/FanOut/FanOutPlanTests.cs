using System.Collections.Immutable;
using Webhooks.Publisher.FanOut;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Matching;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.FanOut;

/// <summary>What a plan comes to when its events are accepted a moment later.</summary>
public sealed class FanOutPlanTests
{
    private static readonly DateTimeOffset At = DateTimeOffset.Parse(TestEvent.Timestamp);
    private static readonly Subscription Taking = Make("taking");
    private static readonly Subscription Other = Make("other");

    public static TheoryData<string> NoMore => ["disabled", "disabled, and active again", "deleted", "gone"];

    public static TheoryData<string> StillTaking => ["unchanged", "paused", "of other settings"];

    [Fact]
    public void New_events_make_a_delivery_for_each_taker_in_the_order_of_the_plan()
    {
        var (events, deliveries) = FanOutPlan.StillWanted([Planned("b", Taking, Other), Planned("a", Other)], New("a", "b"), changed: null);

        Assert.Equal(["b", "a"], events.Select(accepted => accepted.Event.Id));
        Assert.Equal([("b", Taking.Id), ("b", Other.Id), ("a", Other.Id)], deliveries.Select(made => (made.Of.Event.Id, made.SubscriptionId)));
        Assert.Equal(At.AddSeconds(1), events[0].CreatedAt);
    }

    [Fact]
    public void An_event_that_is_not_new_makes_nothing()
    {
        var (events, deliveries) = FanOutPlan.StillWanted([Planned("old", Taking), Planned("new", Taking)], New("new"), changed: null);

        Assert.Equal("new", Assert.Single(events).Event.Id);
        Assert.Equal("new", Assert.Single(deliveries).Of.Event.Id);
    }

    [Fact]
    public void Of_an_event_that_stands_twice_the_first_is_accepted()
    {
        var (events, deliveries) = FanOutPlan.StillWanted([Planned("a", Taking), Planned("a", Taking, Other)], New("a"), changed: null);

        Assert.Single(events);
        Assert.Equal(Taking.Id, Assert.Single(deliveries).SubscriptionId);
    }

    [Theory]
    [MemberData(nameof(NoMore))]
    public void A_subscription_that_was_disabled_since_the_plan_gets_none_of_its_events(string since)
    {
        var (events, deliveries) = FanOutPlan.StillWanted([Planned("a", Taking, Other)], New("a"), ConfigWith(since));

        Assert.Single(events);
        Assert.Equal(Other.Id, Assert.Single(deliveries).SubscriptionId);
    }

    [Theory]
    [MemberData(nameof(StillTaking))]
    public void Any_other_change_since_the_plan_leaves_its_events_to_the_subscription(string since) => Assert.Equal(
        [Taking.Id, Other.Id],
        FanOutPlan.StillWanted([Planned("a", Taking, Other)], New("a"), ConfigWith(since)).Deliveries.Select(made => made.SubscriptionId));

    private static ConfigSnapshot ConfigWith(string since)
    {
        Subscription? taking = since switch
        {
            "disabled" => Taking with { State = SubscriptionState.Disabled, CancelBefore = At },
            "disabled, and active again" => Taking with { CancelBefore = At },
            "deleted" => Taking with { Deleted = true },
            "gone" => null,
            "paused" => Taking with { State = SubscriptionState.Paused },
            "of other settings" => Taking with { Revision = 2, Settings = Surroundings.SettingsFor("https://other.example", "c.d") },
            _ => Taking,
        };
        Subscription[] all = taking is null ? [Other] : [taking, Other];
        return new ConfigSnapshot(2, Shards: 1, SubscriptionIndex.From(all), all.ToImmutableDictionary(one => one.Id));
    }

    private static PlannedEvent Planned(string id, params Subscription[] takers) => new(
        new AcceptedEvent { Id = id, Type = "a.b", TenantId = World.Tenant, Timestamp = TestEvent.Timestamp, Version = "1.0", Data = "{}"u8.ToArray() },
        [.. takers.Select(taker => new Taker(taker, OrderingKey: null))]);

    private static Dictionary<EventKey, DateTimeOffset> New(params string[] ids) =>
        ids.Index().ToDictionary(one => new EventKey(World.Tenant, one.Item), one => At.AddSeconds(one.Index));

    private static Subscription Make(string host) => new()
    {
        Id = Guid.NewGuid(),
        TenantId = World.Tenant,
        State = SubscriptionState.Active,
        Revision = 1,
        Settings = Surroundings.SettingsFor($"https://{host}.example", "a.b"),
        Secrets = [],
        CreatedAt = At,
        UpdatedAt = At,
        ConfigVersion = 1,
    };
}

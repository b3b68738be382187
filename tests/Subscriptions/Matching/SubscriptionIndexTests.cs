using System.Diagnostics;
using Webhooks.Subscriptions.Matching;

namespace Webhooks.Subscriptions.Tests;

public sealed class SubscriptionIndexTests
{
    [Fact]
    public void A_subscription_is_found_by_each_of_its_patterns()
    {
        var subscription = Some.Subscription("exception.created", "match.*", "ingestion.failed");
        var index = SubscriptionIndex.From([subscription]);

        Assert.Equal([subscription], index.Match("tenant_001", "exception.created"));
        Assert.Equal([subscription], index.Match("tenant_001", "match.confirmed"));
        Assert.Equal([subscription], index.Match("tenant_001", "match.a.b.c"));
        Assert.Empty(index.Match("tenant_001", "match"));
        Assert.Empty(index.Match("tenant_001", "exception.resolved"));
    }

    [Fact]
    public void Another_tenants_subscription_is_not_found() =>
        Assert.Empty(SubscriptionIndex.From([Some.Subscription("*")]).Match("tenant_002", "exception.created"));

    [Fact]
    public void A_subscription_is_found_once_however_many_of_its_patterns_match()
    {
        var subscription = Some.Subscription("*", "a.*", "a.b.*", "a.b.c", "a.b.c", "webhook.*", "webhook.test");
        var index = SubscriptionIndex.From([subscription]);

        Assert.Equal([subscription], index.Match("tenant_001", "a.b.c"));
        Assert.Equal([subscription], index.Match("tenant_001", "webhook.test"));
    }

    [Fact]
    public void The_systems_own_types_must_be_named()
    {
        var all = Some.Subscription("*");
        var named = Some.Subscription("webhook.*");
        var index = SubscriptionIndex.From([all, named]);

        Assert.Equal([named], index.Match("tenant_001", "webhook.test"));
        Assert.Equal([all], index.Match("tenant_001", "webhook"));
    }

    [Fact]
    public void Disabled_and_deleted_subscriptions_never_match()
    {
        var active = Some.Subscription("a");
        var index = SubscriptionIndex.From(
            [active, Some.Subscription("a") with { State = SubscriptionState.Disabled }, Some.Subscription("a") with { Deleted = true }]);

        Assert.Equal([active], index.Match("tenant_001", "a"));
        Assert.Equal(1, index.Count);
    }

    [Fact]
    public void A_change_makes_a_new_index_and_leaves_the_old_one_as_it_was()
    {
        var before = Some.Subscription("a");
        var after = before.Wanting("b") with { Revision = 2 };
        var index = SubscriptionIndex.From([before]);
        var changed = index.With(after);

        Assert.Equal([before], index.Match("tenant_001", "a"));
        Assert.Empty(changed.Match("tenant_001", "a"));
        Assert.Equal([after], changed.Match("tenant_001", "b"));
    }

    [Fact]
    public void A_subscription_can_be_disabled_and_enabled_again()
    {
        var subscription = Some.Subscription("a");
        var disabled = SubscriptionIndex.From([subscription]).With(subscription with { State = SubscriptionState.Disabled });

        Assert.Empty(disabled.Match("tenant_001", "a"));
        Assert.Equal([subscription], disabled.With(subscription).Match("tenant_001", "a"));
    }

    [Fact]
    public void Of_two_changes_of_one_subscription_the_last_counts()
    {
        var subscription = Some.Subscription("a");

        Assert.Empty(SubscriptionIndex.Empty.With(subscription, subscription with { Deleted = true }).Match("tenant_001", "a"));
        Assert.Equal([subscription], SubscriptionIndex.Empty.With(subscription with { Deleted = true }, subscription).Match("tenant_001", "a"));
    }

    [Fact]
    public void A_hundred_thousand_subscriptions_of_one_tenant_are_built_changed_and_matched_in_no_time()
    {
        var everything = Enumerable.Range(0, 50_000).Select(_ => Some.Subscription("*")).ToArray();
        var single = Enumerable.Range(0, 50_000).Select(number => Some.Subscription($"type_{number}.created")).ToArray();
        var elapsed = Stopwatch.StartNew();

        var index = SubscriptionIndex.From([.. everything, .. single]);
        for (var number = 0; number < 100; number++)
        {
            index = index.With(single[number].Wanting($"type_{number}.*") with { Revision = 2 });
        }

        for (var number = 0; number < 1_000; number++)
        {
            Assert.Equal(50_001, index.Match("tenant_001", $"type_{number}.created").Count);
        }

        // Work that grows with the square would take many minutes on a machine that takes this long for a second's work.
        Assert.InRange(elapsed.Elapsed, TimeSpan.Zero, TimeSpan.FromMinutes(2));
    }
}

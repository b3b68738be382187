using FsCheck;
using FsCheck.Fluent;
using Webhooks.Subscriptions.Matching;

namespace Webhooks.Subscriptions.Tests;

public sealed class SubscriptionIndexPropertyTests
{
    private static readonly Guid[] Ids = [.. Enumerable.Range(0, 8).Select(_ => Guid.NewGuid())];
    private static readonly string[] Tenants = ["t1", "t2"];

    // Few words, so that patterns and types meet.
    private static readonly Gen<string> Types = Gen.Elements("a", "b", "aa", "webhook").NonEmptyListOf()
        .Select(words => string.Join('.', words.Take(4)));

    private static readonly Gen<string> Patterns = Gen.OneOf(Types, Types.Select(type => type + ".*"), Gen.Constant("*"));

    private static readonly Gen<Subscription> Subscriptions =
        from id in Gen.Elements(Ids)
        from tenant in Gen.Elements(Tenants)
        from patterns in Patterns.NonEmptyListOf()
        from state in Gen.Elements(SubscriptionState.Active, SubscriptionState.Paused, SubscriptionState.Disabled)
        from deleted in Gen.Elements(false, false, false, true)
        select Some.Subscription([.. patterns]) with { Id = id, TenantId = tenant, State = state, Deleted = deleted };

    // Groups of changes, one after the other, as a cache hears of them.
    private static readonly Arbitrary<List<Subscription>[]> AnyHistory = Subscriptions.ListOf().ArrayOf().ToArbitrary();

    [Fact]
    public void After_any_changes_a_type_finds_what_its_patterns_say() =>
        Prop.ForAll(AnyHistory, Types.NonEmptyListOf().ToArbitrary(), (history, types) =>
        {
            var index = history.Aggregate(SubscriptionIndex.Empty, (index, changes) => index.With(changes));

            return Tenants.All(tenant => types.All(type =>
                index.Match(tenant, type).OrderBy(found => found.Id).SequenceEqual(Expected(history, tenant, type).OrderBy(found => found.Id))));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void Changes_one_by_one_come_to_the_same_as_all_at_once() =>
        Prop.ForAll(AnyHistory, Types.ToArbitrary(), (history, type) =>
        {
            var byGroup = history.Aggregate(SubscriptionIndex.Empty, (index, changes) => index.With(changes));
            var atOnce = SubscriptionIndex.From(history.SelectMany(changes => changes));

            return byGroup.Count == atOnce.Count && Tenants.All(tenant => byGroup.Match(tenant, type).ToHashSet().SetEquals(atOnce.Match(tenant, type)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    /// <summary>The slow and obvious way: the latest of each, asked one by one.</summary>
    private static IEnumerable<Subscription> Expected(List<Subscription>[] history, string tenant, string type) => history
        .SelectMany(changes => changes)
        .GroupBy(subscription => subscription.Id)
        .Select(versions => versions.Last())
        .Where(subscription => subscription is { State: SubscriptionState.Active or SubscriptionState.Paused, Deleted: false } && subscription.TenantId == tenant)
        .Where(subscription => subscription.Settings.EventTypes.Any(pattern => IsWanted(pattern, type)));

    // Spelled out again, apart from the code under test.
    private static bool IsWanted(string pattern, string type) => pattern switch
    {
        "*" => !type.StartsWith("webhook.", StringComparison.Ordinal),
        _ when pattern.EndsWith(".*", StringComparison.Ordinal) => type.StartsWith(pattern[..^1], StringComparison.Ordinal),
        _ => type == pattern,
    };
}

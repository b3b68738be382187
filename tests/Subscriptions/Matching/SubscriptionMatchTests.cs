using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Matching;
using Webhooks.Subscriptions.Shaping.Filters;

namespace Webhooks.Subscriptions.Tests;

public sealed class SubscriptionMatchTests
{
    private const string Type = "exception.created";

    private static readonly Gen<string> Types = Gen.Elements("a", "b", "aa", "webhook").NonEmptyListOf().Select(words => string.Join('.', words.Take(4)));

    private static readonly Gen<string> Patterns = Gen.OneOf(Types, Types.Select(type => type + ".*"), Gen.Constant("*"));

    private static readonly Gen<Subscription> Subscriptions =
        from patterns in Patterns.NonEmptyListOf()
        from state in Gen.Elements(SubscriptionState.Active, SubscriptionState.Paused, SubscriptionState.Disabled)
        select Some.Subscription([.. patterns]) with { State = state };

    [Fact]
    public void One_subscription_gets_a_type_exactly_when_the_index_finds_it() =>
        Prop.ForAll(Subscriptions.ListOf().ToArbitrary(), Types.ToArbitrary(), (subscriptions, type) =>
        {
            using var document = Document("{}");
            var found = SubscriptionIndex.From(subscriptions).Match("tenant_001", type).Select(subscription => subscription.Id).ToHashSet();

            return subscriptions.All(subscription => found.Contains(subscription.Id) == SubscriptionMatch.FindObstacle(subscription, type, document) is null);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void The_state_is_named_first_then_the_type_then_the_filter()
    {
        using var document = Document("""{"severity":"LOW"}""");
        var all = Some.Subscription("match.*") with { State = SubscriptionState.Disabled, DisabledReason = "gone" };
        all = all with { Settings = all.Settings with { Filter = Filter("""{"/data/severity":{"eq":"HIGH"}}""") } };

        Assert.Equal(new NonMatch("disabled", "The subscription is disabled (gone)."), SubscriptionMatch.FindObstacle(all, Type, document));
        Assert.Equal("type", SubscriptionMatch.FindObstacle(all with { State = SubscriptionState.Paused }, Type, document)?.Code);
        Assert.Equal(
            new NonMatch("type", "None of its event types takes exception.created."),
            SubscriptionMatch.FindObstacle(all with { State = SubscriptionState.Active, DisabledReason = null }, Type, document));
        Assert.Equal(
            new NonMatch("filter", "Its filter does not hold: /data/severity is not {\"eq\":\"HIGH\"}."),
            SubscriptionMatch.FindObstacle(all.Wanting("*") with { State = SubscriptionState.Active }, Type, document));
    }

    [Theory]
    [InlineData("""{"/data/a":{"gte":1,"lt":2},"/data/b":{"eq":1}}""", """{"a":2,"b":2}""", """/data/a is not {"lt":2}""")]
    [InlineData("""{"/data/a":{"exists":true}}""", """{}""", """the event has nothing at /data/a, which must be {"exists":true}""")]
    [InlineData("""{"/data/a":{"exists":false}}""", """{"a":null}""", """/data/a is not {"exists":false}""")]
    [InlineData("""{"all":[{"/data/a":{"eq":1}},{"/data/b":{"in":[1,2]}}]}""", """{"a":1,"b":3}""", """/data/b is not {"in":[1,2]}""")]
    [InlineData("""{"any":[{"/data/a":{"eq":1}},{"/data/b":{"eq":1}}]}""", """{"a":2,"b":3}""", """none of its "any" holds, of which in the first /data/a is not {"eq":1}""")]
    [InlineData("""{"not":{"any":[{"/data/a":{"eq":1}}]}}""", """{"a":1}""", """what its "not" excludes is so (/data/a)""")]
    [InlineData("""{"not":{}}""", """{}""", """what its "not" excludes is so (anything)""")]
    public void The_first_condition_that_does_not_hold_is_named(string filter, string data, string obstacle)
    {
        using var document = Document(data);

        Assert.Equal(obstacle, Filter(filter).FindObstacle(document.Root));
    }

    private static EventFilter Filter(string json) => EventFilter.Read(JsonElement.Parse(json)).Filter!;

    private static LazyDocument Document(string data) => new(Assert.IsType<EventReading.Accepted>(EventReader.Read(Encoding.UTF8.GetBytes(
        $$"""{"id":"e","type":"{{Type}}","tenant_id":"tenant_001","data":{{data}}}"""))).Event);
}

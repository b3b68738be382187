using Webhooks.Api.OpenApi;
using Webhooks.Subscriptions.Ordering;

namespace Webhooks.Management.Subscriptions.Limits;

/// <summary>How a subscription's limits and order are described.</summary>
internal static class LimitDocs
{
    private const string RateSentence = "How fast deliveries go out, retries included, whatever the number of dispatchers. What comes faster waits. Null: as they come.";

    private static readonly (string, Schema) PerSecond =
        ("per_second", Schema.Number("Attempts a second.", 20, LimitMembers.SlowestRate, LimitMembers.FastestRate));

    public static Schema GivenRate { get; } = Schema.Request(RateSentence, ["per_second"], PerSecond).Named("RateLimitRequest");

    /// <summary>In a change: what is not named stays.</summary>
    public static Schema PatchedRate { get; } = Schema.Request(RateSentence, [], PerSecond).Named("RateLimitPatch");

    public static Schema Rate { get; } = Schema.Answer(RateSentence, PerSecond).Named("RateLimit");

    public static Schema InFlight { get; } = Schema.Whole(
        "How many attempts may be on their way to the receiver at a time, whatever the number of dispatchers. 1: one after the other in the order of acceptance, but for retries, which come when they are due. Null: as many as there are.",
        4, LimitMembers.FewestInFlight, LimitMembers.MostInFlight);

    public static Schema Ordering { get; } = Schema.OneOf(
        "`by_key`: of the events that have the same value at `ordering_key`, each is attempted only when the one that was accepted before it has ended: delivered, failed, exhausted or canceled. A failing one holds back only its own key. Replays, and events that have no string, number or boolean there, are not ordered. Null: no order.",
        OrderingKey.ByKey,
        [OrderingKey.ByKey]);

    public static Schema Key { get; } = Schema.Text(
        "A JSON pointer (RFC 6901) into the event, as filters have them, to what an order by key goes by; required with it and refused without it. In a change it goes with the order when that is set to null.",
        "/data/exception_id", 1, OrderingMembers.LongestKey, "^(/([^/~]|~[01])*)+$");
}

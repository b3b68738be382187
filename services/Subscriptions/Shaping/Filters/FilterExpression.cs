using System.Text.Json;
using Webhooks.Subscriptions.Json;

namespace Webhooks.Subscriptions.Shaping.Filters;

/// <summary>A filter as it is decided: a tree of conditions. Pure: the same event gives the same answer everywhere.</summary>
internal abstract record FilterExpression
{
    private FilterExpression()
    {
    }

    /// <param name="document">The event as section 7 of the design has it: <c>id</c>, <c>type</c>, <c>data</c> …</param>
    public abstract bool Matches(JsonElement document);

    /// <summary>Every part holds; none at all holds too.</summary>
    public sealed record All(IReadOnlyList<FilterExpression> Parts) : FilterExpression
    {
        public override bool Matches(JsonElement document) => Parts.All(part => part.Matches(document));
    }

    /// <summary>At least one part holds.</summary>
    public sealed record Any(IReadOnlyList<FilterExpression> Parts) : FilterExpression
    {
        public override bool Matches(JsonElement document) => Parts.Any(part => part.Matches(document));
    }

    public sealed record Not(FilterExpression Part) : FilterExpression
    {
        public override bool Matches(JsonElement document) => !Part.Matches(document);
    }

    /// <summary>The value at a place fulfils every condition.</summary>
    public sealed record At(JsonPointer Pointer, IReadOnlyList<FilterCondition> Conditions) : FilterExpression
    {
        public override bool Matches(JsonElement document)
        {
            var value = Pointer.TryFind(document, out var found) ? found : (JsonElement?)null;
            return Conditions.All(condition => condition.Holds(value));
        }
    }
}

using Webhooks.Subscriptions.Json;

namespace Webhooks.Subscriptions.Shaping.Filters;

/// <summary>A filter as it is decided: a tree of conditions. Pure: the same event gives the same answer everywhere.</summary>
internal abstract record FilterExpression
{
    private FilterExpression()
    {
    }

    /// <param name="document">The event as section 7 of the design has it: <c>id</c>, <c>type</c>, <c>data</c> …</param>
    public abstract bool Matches(JsonPlace document);

    /// <summary>The first thing that keeps a document from matching, for people. Only for one that does not.</summary>
    public abstract string Obstacle(JsonPlace document);

    /// <summary>Every part holds; none at all holds too.</summary>
    public sealed record All(IReadOnlyList<FilterExpression> Parts) : FilterExpression
    {
        public override bool Matches(JsonPlace document) => Parts.All(part => part.Matches(document));

        public override string Obstacle(JsonPlace document) => Parts.First(part => !part.Matches(document)).Obstacle(document);
    }

    /// <summary>At least one part holds.</summary>
    public sealed record Any(IReadOnlyList<FilterExpression> Parts) : FilterExpression
    {
        public override bool Matches(JsonPlace document) => Parts.Any(part => part.Matches(document));

        public override string Obstacle(JsonPlace document) => $"none of its \"any\" holds, of which in the first {Parts[0].Obstacle(document)}";
    }

    public sealed record Not(FilterExpression Part) : FilterExpression
    {
        public override bool Matches(JsonPlace document) => !Part.Matches(document);

        public override string Obstacle(JsonPlace document) => $"what its \"not\" excludes is so ({Part.Subject})";
    }

    /// <summary>The value at a place fulfils every condition.</summary>
    public sealed record At(JsonPointer Pointer, IReadOnlyList<FilterCondition> Conditions) : FilterExpression
    {
        public override bool Matches(JsonPlace document)
        {
            var value = document.Find(Pointer);
            return Conditions.All(condition => condition.Holds(value));
        }

        public override string Obstacle(JsonPlace document)
        {
            var value = document.Find(Pointer);
            var unmet = Conditions.First(condition => !condition.Holds(value));
            return value is null
                ? $"the event has nothing at {Pointer.Text}, which must be {unmet}"
                : $"{Pointer.Text} is not {unmet}";
        }
    }

    /// <summary>The first place that it looks at.</summary>
    private string Subject => this switch
    {
        At at => at.Pointer.Text,
        All { Parts: [var first, ..] } => first.Subject,
        Any { Parts: [var first, ..] } => first.Subject,
        Not not => not.Part.Subject,
        _ => "anything",
    };
}

using System.Text.Json;
using Webhooks.Subscriptions.Json;

namespace Webhooks.Subscriptions.Shaping.Filters;

/// <summary>Which events a subscription wants, beyond their type. A value: equal when spelled alike.</summary>
public sealed class EventFilter : IEquatable<EventFilter>
{
    private readonly FilterExpression _expression;

    private EventFilter(string json, FilterExpression expression) => (Json, _expression) = (json, expression);

    /// <summary>As it was given, minified.</summary>
    public string Json { get; }

    /// <summary>The filter, or everything that is wrong with it.</summary>
    public static (EventFilter? Filter, IReadOnlyList<ShapingFault> Faults) Read(JsonElement json)
    {
        var faults = new List<ShapingFault>();
        return SavedJson.Of(json, faults) is { } saved && FilterReader.Read(SavedJson.Parse(saved), faults) is { } expression
            ? (new EventFilter(saved, expression), [])
            : (null, faults);
    }

    /// <summary>A filter that was saved.</summary>
    /// <exception cref="InvalidOperationException">This version does not understand it.</exception>
    public static EventFilter Parse(string json) => Read(SavedJson.Parse(json)) is { Filter: { } filter } ? filter
        : throw new InvalidOperationException($"A revision has a filter that this version does not understand: run one that does. {json}");

    /// <param name="document">The event as section 7 of the design has it: <c>id</c>, <c>type</c>, <c>data</c> …</param>
    public bool Matches(JsonPlace document) => _expression.Matches(document);

    /// <summary>Which condition a document does not fulfil, for people. Only for one that does not match.</summary>
    public string FindObstacle(JsonPlace document) => _expression.Obstacle(document);

    public bool Equals(EventFilter? other) => other?.Json == Json;

    public override bool Equals(object? obj) => Equals(obj as EventFilter);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Json);
}

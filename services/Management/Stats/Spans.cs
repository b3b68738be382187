namespace Webhooks.Management.Stats;

/// <summary>Part of the time asked for, and the table that has it.</summary>
/// <param name="Hours">True: from the hours; false: from the minutes.</param>
internal readonly record struct Span(bool Hours, DateTimeOffset From, DateTimeOffset To);

/// <summary>Decides what is read from which table: whole hours that were added up from the hours, the edges and the rest from the minutes. Pure.</summary>
internal static class Spans
{
    /// <param name="since">The beginning of a minute.</param>
    /// <param name="until">The end of a minute.</param>
    /// <param name="hoursUntil">The end of the last hour that was added up.</param>
    public static IReadOnlyList<Span> Of(DateTimeOffset since, DateTimeOffset until, DateTimeOffset hoursUntil)
    {
        var first = Resolution.Ceiling(since, Resolution.Hour.Length);
        var last = Resolution.Floor(until < hoursUntil ? until : hoursUntil, Resolution.Hour.Length);
        Span[] spans = last <= first
            ? [new Span(Hours: false, since, until)]
            : [new Span(Hours: false, since, first), new Span(Hours: true, first, last), new Span(Hours: false, last, until)];
        return [.. spans.Where(span => span.From < span.To)];
    }
}

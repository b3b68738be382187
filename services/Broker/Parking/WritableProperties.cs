using RabbitMQ.Client;

namespace Webhooks.Broker.Parking;

/// <summary>
/// What can be written again of a foreign message's properties. The client makes three bytes of each that is not UTF-8, and then
/// AMQP may have no room for the text; a broker closes the connection over properties that do not fit into one frame; and it takes
/// seconds over headers that are nested many thousands deep, for it copies what is within each (decision 0033).
/// </summary>
public static class WritableProperties
{
    /// <summary>A frame of RabbitMQ's (131,072 bytes), less what else is in it: the headers of the parking.</summary>
    public const int MostBesideParking = 120 * 1024;

    // As deep as an event's body may be.
    private const int Deepest = 64;

    /// <summary>All of them, or all but the headers, or none; and what was left out, as a sentence.</summary>
    /// <param name="own">As they came.</param>
    /// <param name="most">How many bytes they may have.</param>
    public static (BasicProperties Kept, string? LeftOut) Of(IReadOnlyBasicProperties own, int most)
    {
        var kept = new BasicProperties(own);
        if (CanBeWritten(kept, most))
        {
            return (kept, null);
        }

        kept.ClearHeaders();
        return CanBeWritten(kept, most)
            ? (kept, $"Its own headers are left out: they are too large, or nested more than {Deepest} deep, or one has a name that is not UTF-8.")
            : (new BasicProperties(), "Its own properties and headers are left out: one is not UTF-8.");
    }

    private static bool CanBeWritten(BasicProperties properties, int most)
    {
        if (properties.Headers is { } headers && headers.Values.Any(value => IsDeeperThan(Deepest, value)))
        {
            return false;
        }

        try
        {
            return PropertiesBytes.Write(properties).Length <= most;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static bool IsDeeperThan(int levels, object? value) => value switch
    {
        IDictionary<string, object?> table => levels == 0 || table.Values.Any(inner => IsDeeperThan(levels - 1, inner)),
        IList<object?> list => levels == 0 || list.Any(inner => IsDeeperThan(levels - 1, inner)),
        _ => false,
    };
}

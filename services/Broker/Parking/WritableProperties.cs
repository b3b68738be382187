using RabbitMQ.Client;

namespace Webhooks.Broker.Parking;

/// <summary>
/// What can be written again of a foreign message's properties. The client makes three bytes of each that is not UTF-8, and then
/// AMQP may have no room for the text; and a broker closes the connection over properties that do not fit into one frame.
/// </summary>
public static class WritableProperties
{
    /// <summary>A frame of RabbitMQ's (131,072 bytes), less what else is in it: the headers of the parking.</summary>
    public const int MostBesideParking = 120 * 1024;

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
            ? (kept, "Its own headers are left out: they are too large, or one has a name that is not UTF-8.")
            : (new BasicProperties(), "Its own properties and headers are left out: one is not UTF-8.");
    }

    private static bool CanBeWritten(BasicProperties properties, int most)
    {
        try
        {
            return PropertiesBytes.Write(properties).Length <= most;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}

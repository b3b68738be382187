using static Webhooks.Faults.Planning.FaultDeed;
using static Webhooks.Faults.Planning.FaultTarget;

namespace Webhooks.Faults.Planning;

/// <summary>One line of the table of faults.</summary>
/// <param name="Target">What it hits.</param>
/// <param name="Deed">What is done to it.</param>
/// <param name="Shortest">The shortest it lasts, in seconds.</param>
/// <param name="Longest">The longest; most last far less.</param>
internal sealed record FaultKind(FaultTarget Target, FaultDeed Deed, double Shortest, double Longest)
{
    /// <summary>
    /// Hit one at a time. The longest are longer than what services are patient for: 10 s for a confirm, 20 s for a
    /// heartbeat, 5 s for a connection.
    /// </summary>
    public static IReadOnlyList<FaultKind> OfTheSystem { get; } =
    [
        new(Dispatcher, Kill, 0, 0),
        new(Dispatcher, Restart, 0, 0),
        new(Dispatcher, Freeze, 1, 25),
        new(Publisher, Kill, 0, 0),
        new(Publisher, Restart, 0, 0),
        new(Publisher, Freeze, 1, 25),
        new(Management, Kill, 0, 0),
        new(Management, Restart, 0, 0),
        new(Management, Freeze, 1, 10),
        new(RabbitMq, Kill, 0, 5),
        new(RabbitMq, Restart, 0, 5),
        new(RabbitMq, Freeze, 1, 25),
        new(RabbitMq, MemoryAlarm, 1, 15),
        new(RabbitMq, CloseConnections, 0, 0),
        new(Postgres, Kill, 0, 5),
        new(Postgres, Restart, 0, 5),
        new(Postgres, Freeze, 1, 20),
        new(BrokerLink, Stall, 1, 25),
        new(BrokerLink, Reset, 0, 0),
        new(BrokerLink, Cut, 0.5, 8),
        new(BrokerLink, HalfOpen, 1, 20),
        new(DatabaseLink, Stall, 1, 20),
        new(DatabaseLink, Reset, 0, 0),
        new(DatabaseLink, Cut, 0.5, 8),
        new(DatabaseLink, HalfOpen, 1, 15),
        new(Everything, Kill, 0, 3),
    ];

    /// <summary>Hit beside those of the system, one receiver at a time.</summary>
    public static IReadOnlyList<FaultKind> OfReceivers { get; } =
    [
        new(Receiver, Fail, 1, 12),
        new(Receiver, Stall, 1, 12),
        new(Receiver, Drip, 1, 12),
        new(Receiver, Reset, 1, 12),
        new(Receiver, Throttle, 1, 12),
    ];

    public string Name => $"{Words(Target.ToString())}: {Words(Deed.ToString())}";

    // "BrokerLink" is "broker link"; "RabbitMq" keeps its own spelling.
    private static string Words(string name) => name switch
    {
        nameof(RabbitMq) => "RabbitMQ",
        nameof(Postgres) => "PostgreSQL",
        _ => string.Concat(name.Select((letter, place) => place > 0 && char.IsUpper(letter) ? $" {char.ToLowerInvariant(letter)}" : $"{char.ToLowerInvariant(letter)}")),
    };
}

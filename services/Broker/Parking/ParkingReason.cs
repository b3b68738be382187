namespace Webhooks.Broker.Parking;

/// <summary>Why a message was parked: the contract's codes.</summary>
public static class ParkingReason
{
    public const string NotJson = "not_json";
    public const string InvalidEvent = "invalid_event";
    public const string TooLarge = "too_large";
    public const string Poison = "poison";

    /// <summary>It is no result of a command: not the members that it must have.</summary>
    public const string InvalidResult = "invalid_result";

    /// <summary>It is the result of a command that nobody here gave, or whose record has expired.</summary>
    public const string UnknownCommand = "unknown_command";

    /// <summary>The event's data are not as its type's schema says. The contract names it; nothing is parked for it yet.</summary>
    public const string SchemaViolation = "schema_violation";

    /// <summary>Whoever laid it into the parking queue gave none of these: it was done by hand.</summary>
    public const string Unknown = "unknown";

    /// <summary>What a parked message can have.</summary>
    public static IReadOnlyList<string> All { get; } =
        [NotJson, InvalidEvent, TooLarge, SchemaViolation, InvalidResult, UnknownCommand, Poison, Unknown];
}

namespace Webhooks.Faults.Running;

/// <summary>One subscription of the run, and the rule of its receiver.</summary>
/// <param name="Number">Its receiver's path.</param>
/// <param name="Profile">How its deliveries are signed.</param>
/// <param name="Pattern">Which types it wants.</param>
internal sealed record Subscriber(int Number, string Profile, string Pattern)
{
    public const string EvenType = "faults.even";
    public const string OddType = "faults.odd";
    public const string TenantId = "tenant_faults";

    private const int Keys = 8;

    /// <summary>Events of which this many make one that is answered with <see cref="Answer"/>; 0: none.</summary>
    public int Every { get; init; }

    /// <summary>Its steady answer to those.</summary>
    public int Answer { get; init; }

    public int MaxAttempts { get; init; } = 20;

    /// <summary>Whether it wants the events of each key (<see cref="KeyOf"/>) in their order.</summary>
    public bool IsOrdered { get; init; }

    /// <summary>The most requests that it wants unanswered at a time; null: any number.</summary>
    public int? MaxInFlight { get; init; }

    /// <summary>For how long its receiver thinks about each request, so that some are unanswered together.</summary>
    public TimeSpan AnswersAfter { get; init; }

    /// <summary>Whether the schedule may make its receiver fail. Where an attempt counts, or the time that it takes, chance must not take it.</summary>
    public bool MayFail => Every == 0 && MaxInFlight is null;

    /// <summary>Every way in which a delivery ends, both kinds of signatures, types that only some want, an order, and a limit of what is in flight.</summary>
    public static IReadOnlyList<Subscriber> All { get; } =
    [
        new(0, "matcher", "faults.*"),
        new(1, "standard", "*"),
        new(2, "matcher", OddType),
        new(3, "standard", EvenType),
        new(4, "matcher", "faults.*") { Every = 7, Answer = 404 },
        new(5, "standard", OddType) { Every = 11, Answer = 500, MaxAttempts = 4 },
        new(6, "matcher", "faults.*") { IsOrdered = true },
        new(7, "standard", OddType) { MaxInFlight = 5, AnswersAfter = TimeSpan.FromMilliseconds(100) },
    ];

    public static string TypeOf(int number) => number % 2 == 0 ? EvenType : OddType;

    /// <summary>The key by which an event is ordered; events of all types share it.</summary>
    public static int KeyOf(int number) => number % Keys;

    public bool Wants(int number) => Pattern is not (EvenType or OddType) || Pattern == TypeOf(number);

    /// <summary>What the receiver answers when it is well.</summary>
    public int AnswerTo(int number) => Every > 0 && number % Every == 0 ? Answer : 200;

    /// <summary>How the delivery of an event must end.</summary>
    public string EndOf(int number) => AnswerTo(number) switch
    {
        200 => "delivered",
        404 => "failed",
        _ => "exhausted",
    };
}

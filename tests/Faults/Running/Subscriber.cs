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

    /// <summary>Events of which this many make one that is answered with <see cref="Answer"/>; 0: none.</summary>
    public int Every { get; init; }

    /// <summary>Its steady answer to those.</summary>
    public int Answer { get; init; }

    public int MaxAttempts { get; init; } = 20;

    /// <summary>Whether the schedule may make its receiver fail. Where an attempt counts, chance must not take it.</summary>
    public bool MayFail => Every == 0;

    /// <summary>Every way in which a delivery ends, both kinds of signatures, and types that only some want.</summary>
    public static IReadOnlyList<Subscriber> All { get; } =
    [
        new(0, "matcher", "faults.*"),
        new(1, "standard", "*"),
        new(2, "matcher", OddType),
        new(3, "standard", EvenType),
        new(4, "matcher", "faults.*") { Every = 7, Answer = 404 },
        new(5, "standard", OddType) { Every = 11, Answer = 500, MaxAttempts = 4 },
    ];

    public static string TypeOf(int number) => number % 2 == 0 ? EvenType : OddType;

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

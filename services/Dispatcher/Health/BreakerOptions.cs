using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Webhooks.Dispatcher.Health;

/// <summary>When a receiver is left alone, and for how long, under <c>Webhooks:Breaker</c>.</summary>
internal sealed class BreakerOptions : IValidatableObject
{
    public const string Section = "Webhooks:Breaker";

    /// <summary>So many failures in a row open the breaker.</summary>
    public int Failures { get; init; } = 5;

    /// <summary>And so much time must lie between the first of them and the last.</summary>
    public TimeSpan FailingFor { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The wait for the first probe; each next one is twice as long.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest wait for a probe.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A delivery that open breakers have kept waiting for so long in all is exhausted.</summary>
    public TimeSpan HoldFor { get; init; } = TimeSpan.FromHours(24);

    /// <summary>A subscription without a success for so long is disabled.</summary>
    public TimeSpan DisableAfter { get; init; } = TimeSpan.FromDays(5);

    // Not by attributes: the generated validator says "The field BreakerOptions.Failures …" whatever sentence they are given.
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        (bool Holds, string Name, string Rule)[] rules =
        [
            (Failures is >= 1 and <= 1_000, nameof(Failures), "must lie between 1 and 1000"),
            (FailingFor >= TimeSpan.Zero && FailingFor <= TimeSpan.FromHours(1), nameof(FailingFor), "must lie between 0 and 1 hour, for example \"00:00:10\""),
            (FirstWait >= TimeSpan.FromSeconds(0.1) && FirstWait <= LongestWait, nameof(FirstWait), "must lie between 0.1 seconds and Webhooks:Breaker:LongestWait, for example \"00:00:10\""),
            (LongestWait <= TimeSpan.FromDays(1), nameof(LongestWait), "must be at most a day, for example \"00:05:00\""),
            (HoldFor >= TimeSpan.FromSeconds(1) && HoldFor <= TimeSpan.FromDays(30), nameof(HoldFor), "must lie between 1 second and 30 days, for example \"1.00:00:00\""),
            (DisableAfter >= TimeSpan.FromSeconds(1) && DisableAfter <= TimeSpan.FromDays(365), nameof(DisableAfter), "must lie between 1 second and 365 days, for example \"5.00:00:00\""),
        ];
        return rules.Where(rule => !rule.Holds).Select(rule => new ValidationResult($"{Section}:{rule.Name} {rule.Rule}.", [rule.Name]));
    }
}

[OptionsValidator]
internal sealed partial class BreakerOptionsValidator : IValidateOptions<BreakerOptions>;

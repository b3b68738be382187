using Microsoft.Extensions.Options;

namespace Webhooks.CallbackIngest;

/// <summary>How callbacks are limited, kept and repeated.</summary>
internal sealed class CallbackOptions
{
    public const string Section = "Webhooks";

    /// <summary>New keys in a sliding minute, for each tenant and external system. 0: no limit.</summary>
    public int CallbacksPerMinute { get; init; } = 60;

    /// <summary>How long a reserved key belongs to the request that reserved it, if that never says how it ended.</summary>
    public TimeSpan CallbackLease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a command may be unanswered before it is published again.</summary>
    public TimeSpan CommandRepeatAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long keys are remembered.</summary>
    public int CallbackRetentionDays { get; init; } = 7;
}

/// <summary>Says what is wrong with each of them.</summary>
internal sealed class CallbackOptionsValidator : IValidateOptions<CallbackOptions>
{
    private const int MostPerMinute = 100_000;
    private const int LongestRetentionDays = 3650;

    // A request is answered in less than five seconds, whatever happens: its reservation must last longer.
    private static readonly TimeSpan ShortestLease = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestLease = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortestRepeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRepeat = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, CallbackOptions options)
    {
        var faults = new List<string>();
        if (options.CallbacksPerMinute is < 0 or > MostPerMinute)
        {
            faults.Add($"Webhooks:CallbacksPerMinute must be from 1 to {MostPerMinute}, or 0 for no limit.");
        }

        if (options.CallbackLease < ShortestLease || options.CallbackLease > LongestLease)
        {
            faults.Add($"Webhooks:CallbackLease must be from {ShortestLease} to {LongestLease}, written as hh:mm:ss.");
        }

        if (options.CommandRepeatAfter < ShortestRepeat || options.CommandRepeatAfter > LongestRepeat)
        {
            faults.Add($"Webhooks:CommandRepeatAfter must be from {ShortestRepeat} to {LongestRepeat}, written as [d.]hh:mm:ss.");
        }

        if (options.CallbackRetentionDays is < 1 or > LongestRetentionDays)
        {
            faults.Add($"Webhooks:CallbackRetentionDays must be from 1 to {LongestRetentionDays}.");
        }

        return faults is [] ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}

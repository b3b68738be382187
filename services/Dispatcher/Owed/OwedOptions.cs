using Microsoft.Extensions.Options;

namespace Webhooks.Dispatcher.Owed;

/// <summary>When a message counts as lost, under <c>Webhooks</c>.</summary>
internal sealed class OwedOptions
{
    public const string Section = "Webhooks";

    /// <summary>
    /// By how much later ones must have overtaken a message before it counts as lost. Longer than a delay queue takes to hand over a
    /// backlog, and than the clocks of publishers, dispatchers and the database differ.
    /// </summary>
    public TimeSpan OwedGrace { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>Checks the grace when the service starts.</summary>
internal sealed class OwedOptionsValidator : IValidateOptions<OwedOptions>
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, OwedOptions options) => options.OwedGrace < Shortest || options.OwedGrace > Longest
        ? ValidateOptionsResult.Fail($"Webhooks:OwedGrace must be from {Shortest} to {Longest}, written as [d.]hh:mm:ss.")
        : ValidateOptionsResult.Success;
}

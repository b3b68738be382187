using Microsoft.Extensions.Options;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Management.Events;

/// <summary>How large an event may be.</summary>
internal sealed class EventOptions
{
    public const string Section = "Webhooks";

    /// <summary>As sent.</summary>
    public int MaxEventBytes { get; init; } = EventReader.DefaultMaxBytes;
}

/// <summary>Says what is wrong with the limit.</summary>
internal sealed class EventOptionsValidator : IValidateOptions<EventOptions>
{
    private const int Smallest = 1024;
    private const int Largest = 16 * 1024 * 1024;

    public ValidateOptionsResult Validate(string? name, EventOptions options) => options.MaxEventBytes is >= Smallest and <= Largest
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail($"Webhooks:MaxEventBytes must be from {Smallest} to {Largest}.");
}

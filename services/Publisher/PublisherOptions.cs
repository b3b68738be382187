using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Webhooks.Publisher;

/// <summary>What can be configured here, under <c>Webhooks</c>.</summary>
internal sealed class PublisherOptions
{
    public const string Section = "Webhooks";

    /// <summary>The largest event taken, in bytes as sent.</summary>
    [Range(1024, 16 * 1024 * 1024, ErrorMessage = "Webhooks:MaxEventBytes must lie between 1024 and 16777216.")]
    public int MaxEventBytes { get; init; } = 256 * 1024;

    /// <summary>How many delivery queues there are at least; the fleet's number only grows.</summary>
    [Range(1, 64, ErrorMessage = "Webhooks:Shards must lie between 1 and 64.")]
    public int Shards { get; init; } = 1;
}

[OptionsValidator]
internal sealed partial class PublisherOptionsValidator : IValidateOptions<PublisherOptions>;

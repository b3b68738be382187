using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Webhooks.Dispatcher.Rollups;

/// <summary>How long rollups are kept, under <c>Webhooks</c>.</summary>
internal sealed class RollupOptions
{
    public const string Section = "Webhooks";

    [Range(1, 3650, ErrorMessage = "Webhooks:RetentionDays must lie between 1 and 3650.")]
    public int RetentionDays { get; init; } = 30;
}

[OptionsValidator]
internal sealed partial class RollupOptionsValidator : IValidateOptions<RollupOptions>;

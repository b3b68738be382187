using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Webhooks.Dispatcher.Retention;

/// <summary>How long what has happened is kept, under <c>Webhooks</c>.</summary>
internal sealed class RetentionOptions
{
    public const string Section = "Webhooks";

    [Range(1, 3650, ErrorMessage = "Webhooks:RetentionDays must lie between 1 and 3650.")]
    public int RetentionDays { get; init; } = 30;
}

[OptionsValidator]
internal sealed partial class RetentionOptionsValidator : IValidateOptions<RetentionOptions>;

using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Webhooks.Dispatcher.Lanes;

/// <summary>What can be configured of lanes, under <c>Webhooks:Lanes</c>.</summary>
internal sealed class LaneOptions
{
    public const string Section = "Webhooks:Lanes";

    /// <summary>
    /// For how long nothing must have needed a lane, and nothing that it started may have been due for more than five seconds,
    /// before it is closed.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00", ErrorMessage = "Webhooks:Lanes:IdleTime must lie between 00:00:00.1 and 01:00:00.")]
    public TimeSpan IdleTime { get; init; } = TimeSpan.FromMinutes(1);
}

[OptionsValidator]
internal sealed partial class LaneOptionsValidator : IValidateOptions<LaneOptions>;

using Webhooks.Api.Problems;
using Webhooks.Sources;

namespace Webhooks.CallbackIngest.Sources;

/// <summary>
/// Lets only a source's own webhooks through. Whatever is wrong is counted and logged, without secret or signature, and
/// answered with one and the same 401: a forger learns nothing from it.
/// </summary>
internal sealed partial class WebhookCheck(SourceMetrics metrics, TimeProvider clock, ILogger<WebhookCheck> logger)
{
    /// <summary>What a webhook is refused with that is not its source's, whatever is wrong with it.</summary>
    public static Problem Refused { get; } = new(
        StatusCodes.Status401Unauthorized, "unauthenticated", "This webhook is not proved to come from its source. The source's configuration says what it must carry.")
    {
        // Only Basic has a registered name; HTTP wants a challenge in every 401, and Bearer would send people after a token.
        Challenge = "Webhook",
    };

    /// <exception cref="RefusedException">401.</exception>
    public void Check(KnownSource known, Func<string, string?> headers, ReadOnlySpan<byte> body)
    {
        if (known.Verifier.FaultOf(headers, body, clock.GetUtcNow()) is { } reason)
        {
            metrics.Refused(known.Source.Kind, reason);
            Log.Refused(logger, known.Id, known.Source.Kind, known.Source.TenantId, reason, body.Length);
            throw new RefusedException(Refused with { Challenge = ChallengeOf(known) });
        }
    }

    // Of the source, not of the fault.
    private static string ChallengeOf(KnownSource known) =>
        known.Source.Settings.Authentication.Method == AuthenticationMethod.Basic ? $"Basic realm=\"{known.Id}\", charset=\"UTF-8\"" : Refused.Challenge;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "A webhook to {SourceId} ({Kind}) of {TenantId} is not its own: {Reason}; {Bytes} bytes")]
        public static partial void Refused(ILogger logger, string sourceId, string kind, string tenantId, string reason, int bytes);
    }
}

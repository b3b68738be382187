using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Webhooks.Api.Deadlines;
using Webhooks.Api.Problems;
using Webhooks.CallbackIngest.Auditing;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.CallbackIngest.Keys;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Database.Auditing;
using Webhooks.Sources.Mapping;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Notices;

namespace Webhooks.CallbackIngest.Sources;

/// <summary>The way of a verified webhook: to a command like a callback's, or, when it maps to none, to a notification.</summary>
internal sealed partial class WebhookIntake(CallbackIntake callbacks, InboundStore inbound, SourceMetrics metrics, TimeProvider clock, ILogger<WebhookIntake> logger)
{
    private const int LargestPayload = 64 * 1024;

    private static readonly CallbackRoute Route = ExceptionRoute.Route;

    /// <exception cref="RefusedException">429 or 503: the sender should try again.</exception>
    public async Task<WebhookAnswer> TakeAsync(KnownSource known, ReceivedWebhook webhook, CallInHand call, RequestClock request, CancellationToken clientGone)
    {
        var (source, activity) = (known.Source, Activity.Current);
        var key = WebhookMapping.KeyOf(source.Settings, webhook);
        var exceptionId = WebhookMapping.ExceptionIdOf(source.Settings, webhook);
        var place = SourceKey.Of(source, webhook, Route.Name, key, exceptionId);
        var (body, reason, detail) = Read(known, webhook, exceptionId);
        (call.Key, call.SubjectId, call.ExternalSystem) = (key, EventRules.IsId(exceptionId ?? "") ? exceptionId : null, source.Settings.ExternalSystem);
        var traceParent = activity is { IdFormat: ActivityIdFormat.W3C } ? activity.Id : null;

        WebhookAnswer answer;
        if (body is null)
        {
            answer = await TellAsync(known, webhook, place, new Untold(call, reason, detail), traceParent, clientGone).WaitAsync(clientGone);
            Log.NoCommand(logger, known.Id, source.Kind, source.TenantId, key, reason, detail);
        }
        else
        {
            var callback = new IncomingCallback
            {
                Route = Route,
                TenantId = source.TenantId,
                SubjectId = exceptionId!,
                Key = key,
                CommandId = place.CommandId,
                Source = place,
                Fingerprint = place.Fingerprint,
                Body = body,
                ReceivedAt = clock.GetUtcNow(),
                Actor = call.Actor!,
                TraceParent = traceParent,
                TraceId = activity?.TraceId.ToString(),
            };
            call.CommandId = place.CommandId;
            // The intake has a limit of its own.
            answer = await request.WithoutAsync(() => AcceptAsync(callback, clientGone));
        }

        if (answer == WebhookAnswer.Ignored)
        {
            call.RefusedAs = KeyProblem.Reused.Code;
        }

        metrics.Answered(source.Kind, answer.Status);
        return answer;
    }

    private async Task<WebhookAnswer> AcceptAsync(IncomingCallback callback, CancellationToken clientGone)
    {
        try
        {
            return await callbacks.AcceptAsync(callback, clientGone) ? WebhookAnswer.Replayed : WebhookAnswer.Accepted;
        }
        catch (RefusedException refused) when (refused.Problem == KeyProblem.Reused)
        {
            return WebhookAnswer.Ignored;
        }
        catch (RefusedException refused) when (refused.Problem is { Status: StatusCodes.Status409Conflict, RetryAfter: { } wait })
        {
            throw new RefusedException(InProgress(wait));
        }
    }

    // To some senders a conflict is final.
    private static Problem InProgress(TimeSpan wait) => Problem.Unavailable("This webhook is being processed. Send it again in a moment.") with { RetryAfter = wait };

    /// <summary>The callback; otherwise why there is none.</summary>
    private static (CallbackBody? Body, string Reason, string Detail) Read(KnownSource known, ReceivedWebhook webhook, string? exceptionId)
    {
        if (webhook.Body is null)
        {
            return (null, "not_json", "The body is not a JSON object that every reader reads alike, at most 58 levels deep and in UTF-8.");
        }

        if (exceptionId is null || !EventRules.IsId(exceptionId))
        {
            return string.IsNullOrEmpty(exceptionId)
                ? (null, "exception_id_missing", "The webhook names no exception where its source says.")
                : (null, "exception_id_invalid", "What the webhook has for an exception's id is not 1–128 of A-Z, a-z, 0-9, _, ., : and -.");
        }

        try
        {
            return (new CallbackBodyReader(Route, []).Read(WebhookMapping.CallbackOf(known.Source.Settings, webhook)), "", "");
        }
        catch (RefusedException refused)
        {
            var problem = refused.Problem;
            return (null, problem.Code, problem.Errors.Count == 0 ? problem.Detail : string.Join(' ', problem.Errors.Select(error => $"{error.Pointer}: {error.Message}")));
        }
    }

    private async Task<WebhookAnswer> TellAsync(
        KnownSource known, ReceivedWebhook webhook, SourceKey place, Untold untold, string? traceParent, CancellationToken cancellationToken)
    {
        var source = known.Source;
        var payload = webhook.Body is { } body ? JsonMarshal.GetRawUtf8Value(body).ToArray() : null;
        var data = new NoticeData()
            .Add("source_id", known.Id)
            .Add("kind", source.Kind)
            .Add("external_system", source.Settings.ExternalSystem)
            .Add("idempotency_key", untold.Call.Key)
            .Add("exception_id", untold.Call.SubjectId)
            .Add("reason", untold.Reason)
            .Add("detail", untold.Detail)
            .AddJson("payload", payload?.Length <= LargestPayload ? payload : null)
            .ToBytes();
        var notice = InboundStore.NoticeOf(place.InboundId, source.TenantId, clock.GetUtcNow(), data, traceParent);
        var uncommanded = new UncommandedWebhook(place, new KeyScope(source.TenantId, source.Settings.ExternalSystem), notice, untold.Audit());
        return await inbound.AddAsync(uncommanded, cancellationToken) switch
        {
            KeyOutcome.Told told => told.Before ? WebhookAnswer.ReceivedBefore : WebhookAnswer.Received,
            KeyOutcome.Replayed => WebhookAnswer.Replayed,
            KeyOutcome.Reused => WebhookAnswer.Ignored,
            KeyOutcome.InProgress progress => throw new RefusedException(InProgress(progress.RetryAfter)),
            KeyOutcome.Limited limited => throw new RefusedException(KeyProblem.Limited(limited.RetryAfter)),
            var unknown => throw new InvalidOperationException($"{unknown} is no outcome of a webhook that is no command."),
        };
    }

    private sealed record Untold(CallInHand Call, string Reason, string Detail)
    {
        public AuditEntry Audit()
        {
            var details = new CallbackNames(Route.SubjectMember, Call.SubjectId, Call.ExternalSystem, Call.Key, CommandId: null, Call.SourceId).ToDetails();
            details["reason"] = Reason;
            return Call.Actor!.Did(AuditAction.CallbackReceived, Call.TenantId, Call.SubjectId ?? Call.SourceId!, details);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Webhook to {SourceId} ({Kind}) of {TenantId} with key {Key} is no command: {Reason}. {Detail}")]
        public static partial void NoCommand(ILogger logger, string sourceId, string kind, string tenantId, string key, string reason, string detail);
    }
}

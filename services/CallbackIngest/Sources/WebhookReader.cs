using System.Text.Json;
using Webhooks.Api.Problems;
using Webhooks.Sources.Mapping;
using Webhooks.Sources.Presets;

namespace Webhooks.CallbackIngest.Sources;

/// <summary>What a verified webhook's bytes say.</summary>
/// <param name="Body">Null: nothing that every reader reads alike.</param>
/// <param name="IsForm">Did it come as a form?</param>
internal sealed record ReadBody(JsonElement? Body, bool IsForm);

/// <summary>Reads a verified webhook's body: JSON, whatever it says of itself, or a form.</summary>
internal sealed partial class WebhookReader(SourceMetrics metrics, ILogger<WebhookReader> logger)
{
    private static readonly Problem Unreadable = new(StatusCodes.Status400BadRequest, "bad_request", "The form cannot be read.");

    /// <exception cref="RefusedException">400: a form that two readers could read differently.</exception>
    public ReadBody Read(KnownSource known, string? contentType, ReadOnlyMemory<byte> raw)
    {
        // JSON first: curl, and scripts that name no type, send it as a form.
        var json = ReceivedWebhook.Parse(raw);
        if (json is not null || !FormBody.Is(contentType) || raw.Span.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..])
        {
            return new ReadBody(json, IsForm: false);
        }

        var (id, source) = (known.Id, known.Source);
        if (FormBody.TryRead(raw.Span, SourcePreset.Find(source.Kind)?.FormPayloadIsBody ?? false, out var body, out var fault))
        {
            return new ReadBody(body, IsForm: true);
        }

        metrics.Answered(source.Kind, "refused");
        Log.Unreadable(logger, id, source.Kind, source.TenantId, fault, raw.Length);
        throw new RefusedException(Unreadable with { Detail = fault });
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "A webhook to {SourceId} ({Kind}) of {TenantId} is a form that cannot be read: {Fault} {Bytes} bytes")]
        public static partial void Unreadable(ILogger logger, string sourceId, string kind, string tenantId, string fault, int bytes);
    }
}

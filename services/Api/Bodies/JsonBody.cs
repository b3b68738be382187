using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Webhooks.Api.Deadlines;
using Webhooks.Api.Problems;

namespace Webhooks.Api.Bodies;

/// <summary>A body that must be one JSON object.</summary>
internal static class JsonBody
{
    private const int Deepest = 64;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = Deepest };

    /// <exception cref="RefusedException">415, 413 or 400.</exception>
    public static async Task<MemberReader> ReadAsync(HttpRequest request, RequestClock clock, CancellationToken cancellationToken) =>
        Parse(await RequestBody.ReadAsync(request, RequestBody.Limit, clock, cancellationToken));

    /// <summary>A request without a body is one with an empty object.</summary>
    /// <exception cref="RefusedException">415, 413 or 400.</exception>
    public static async Task<MemberReader> ReadOptionalAsync(HttpRequest request, RequestClock clock, CancellationToken cancellationToken) =>
        request.ContentType is null && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false }
            ? Parse("{}"u8.ToArray())
            : await ReadAsync(request, clock, cancellationToken);

    public static MemberReader Parse(ReadOnlyMemory<byte> body)
    {
        JsonElement root;
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            root = document.RootElement.Clone();
        }
        // The second: an escaped half of a surrogate pair in a member's name.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new RefusedException(Problem.MalformedJson(JsonFault.Of(body.Span, Deepest)));
        }

        return root.ValueKind == JsonValueKind.Object
            ? new MemberReader(root, pointer: "", errors: [])
            : throw new RefusedException(Problem.MalformedJson("The body must be a JSON object."));
    }
}

using System.Text.Json;
using Webhooks.Subscriptions.Retries;

namespace Webhooks.Subscriptions.Storage;

/// <summary>A custom retry schedule as it stands in the column <c>retry</c>: the API's own words.</summary>
internal static class RetryJson
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static string? Write(CustomRetry? retry) => retry is null ? null : JsonSerializer.Serialize(retry, Options);

    public static CustomRetry? Read(string? json) => json is null ? null : JsonSerializer.Deserialize<CustomRetry>(json, Options);
}

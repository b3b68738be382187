using System.Net.Http.Headers;
using System.Text.Json;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Trying;

/// <summary>What the API answers to whoever tries first.</summary>
internal static class TriedAnswers
{
    public static Task<JsonElement> DryRunAsync(this ManagementClient management, TestEvent published) => PostAsync(management, "v1/dry-run", published.Body);

    public static Task<JsonElement> TestAsync(this ManagementClient management, string subscriptionId) => PostAsync(management, $"v1/subscriptions/{subscriptionId}/test", "{}"u8.ToArray());

    /// <summary>A request's headers as they are shown.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Headers(this JsonElement request) =>
        request.GetProperty("headers").EnumerateObject().Select(header => KeyValuePair.Create(header.Name, header.Value.GetString()!));

    private static async Task<JsonElement> PostAsync(ManagementClient management, string path, byte[] body)
    {
        using var answer = await management.AnsweredAsync(http => http.PostAsync(path, Json(body)));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }

    private static ByteArrayContent Json(byte[] body) => new(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
}

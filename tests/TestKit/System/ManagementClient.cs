using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Webhooks.TestKit;

/// <summary>The management API as a client sees it. An answer that is not the expected one is an exception with the problem's text.</summary>
public sealed class ManagementClient : IDisposable
{
    private static readonly TimeSpan FinishLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly string _url;

    public ManagementClient(string url, string token)
    {
        _url = url;
        Http = new HttpClient { BaseAddress = new Uri(url + "/") };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>For what <see cref="AnsweredAsync"/> is not for; carries the token.</summary>
    public HttpClient Http { get; }

    /// <summary>A client for the same system with another token.</summary>
    public ManagementClient WithToken(string token) => new(_url, token);

    public async Task<string> CreateTokenAsync(string tenantId, params string[] scopes)
    {
        var token = await PostAsync<TokenResponse>("v1/tokens", new { tenant_id = tenantId, name = "scenario", scopes });
        return token.Token;
    }

    public Task<SubscriptionResponse> SubscribeAsync(SubscriptionRequest subscription) =>
        PostAsync<SubscriptionResponse>("v1/subscriptions", subscription);

    public Task<SubscriptionResponse> GetSubscriptionAsync(string id) => GetAsync<SubscriptionResponse>($"v1/subscriptions/{id}");

    /// <summary>A tenant's newest subscriptions; at most 200.</summary>
    public async Task<IReadOnlyList<SubscriptionResponse>> ListSubscriptionsAsync(string tenantId) =>
        (await GetAsync<PageResponse<SubscriptionResponse>>($"v1/subscriptions?limit=200&tenant_id={tenantId}")).Items;

    /// <param name="id">The subscription's.</param>
    /// <param name="change">Its members are a merge patch, sent as they are named.</param>
    public async Task<SubscriptionResponse> ChangeAsync(string id, object change)
    {
        using var answer = await AnsweredAsync(http => http.PatchAsync($"v1/subscriptions/{id}", JsonContent.Create(change, new MediaTypeHeaderValue("application/merge-patch+json"))));
        return await ReadAsync<SubscriptionResponse>(answer);
    }

    public async Task DeleteSubscriptionAsync(string id)
    {
        using var answer = await AnsweredAsync(http => http.DeleteAsync($"v1/subscriptions/{id}"));
        await EnsureAsync(answer);
    }

    /// <summary>Publishes an event over HTTP.</summary>
    public async Task PublishAsync(ReadOnlyMemory<byte> body)
    {
        using var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await Http.PostAsync("v1/events", content);
        await EnsureAsync(answer);
    }

    public Task<EventResponse> GetEventAsync(string id, string tenantId) => GetAsync<EventResponse>($"v1/events/{id}?tenant_id={tenantId}");

    public Task<DeliveryResponse> GetDeliveryAsync(string id) => GetAsync<DeliveryResponse>($"v1/deliveries/{id}");

    /// <summary>A subscription's newest deliveries, without their attempts; at most 200.</summary>
    public async Task<IReadOnlyList<DeliveryResponse>> ListDeliveriesAsync(string subscriptionId, string? eventId = null) =>
        (await GetAsync<PageResponse<DeliveryResponse>>($"v1/deliveries?limit=200&subscription_id={subscriptionId}{(eventId is null ? "" : $"&event_id={eventId}")}")).Items;

    /// <summary>Waits until the delivery of an event for a subscription has ended, and returns it with its attempts.</summary>
    public async Task<DeliveryResponse> WaitForEndAsync(string subscriptionId, string eventId, TimeSpan? limit = null)
    {
        DeliveryResponse? delivery = null;
        await Eventually.TrueAsync(
            async () =>
            {
                delivery = (await ListDeliveriesAsync(subscriptionId, eventId)).SingleOrDefault();
                return delivery is not null and not { Status: "pending" };
            },
            limit ?? FinishLimit,
            () => $"The delivery of {eventId} for {subscriptionId} has ended; it was {delivery?.Status ?? "not there"}.");
        return await GetDeliveryAsync(delivery!.Id);
    }

    /// <summary>Replays one delivery; returns the new one.</summary>
    public Task<DeliveryResponse> ReplayAsync(string deliveryId) => PostAsync<DeliveryResponse>($"v1/deliveries/{deliveryId}/replay", new { });

    /// <summary>Replays what a subscription missed since a time.</summary>
    public Task<ReplayResponse> RecoverAsync(string subscriptionId, DateTimeOffset since) =>
        PostAsync<ReplayResponse>($"v1/subscriptions/{subscriptionId}/recover", new { since });

    public Task<ReplayResponse> GetReplayAsync(string id) => GetAsync<ReplayResponse>($"v1/replays/{id}");

    /// <summary>Waits until everything that a replay is about is made.</summary>
    public async Task<ReplayResponse> WaitForReplayAsync(string id)
    {
        ReplayResponse? replay = null;
        await Eventually.TrueAsync(
            async () => (replay = await GetReplayAsync(id)).Status is not ("pending" or "running"), FinishLimit, () => $"{id} has ended; it was {replay}.");
        return replay!;
    }

    /// <summary>Any other resource.</summary>
    /// <param name="path">From v1 on.</param>
    public Task<JsonElement> GetJsonAsync(string path) => GetAsync<JsonElement>(path);

    /// <summary>Creates a source; returns the path on the callback server that its sender posts to.</summary>
    public async Task<string> CreateSourceAsync(string tenantId, string kind, string secret) =>
        (await PostAsync<SourceResponse>("v1/sources", new { tenant_id = tenantId, kind, secret })).Path;

    /// <summary>
    /// The answer to what this class does not wrap. Asks again as long as it is 503, as that says: a server that a test has
    /// killed is on its way back, or the machine had no time.
    /// </summary>
    public async Task<HttpResponseMessage> AnsweredAsync(Func<HttpClient, Task<HttpResponseMessage>> ask)
    {
        var answer = await ask(Http);
        for (var asked = Stopwatch.StartNew(); answer.StatusCode == HttpStatusCode.ServiceUnavailable && asked.Elapsed < FinishLimit; answer = await ask(Http))
        {
            answer.Dispose();
            await Task.Delay(Pause);
        }

        return answer;
    }

    public void Dispose() => Http.Dispose();

    private async Task<T> GetAsync<T>(string path)
    {
        using var answer = await AnsweredAsync(http => http.GetAsync(path));
        return await ReadAsync<T>(answer);
    }

    private async Task<T> PostAsync<T>(string path, object body)
    {
        using var answer = await AnsweredAsync(http => http.PostAsJsonAsync(path, body, Json));
        return await ReadAsync<T>(answer);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer)
    {
        await EnsureAsync(answer);
        return (await answer.Content.ReadFromJsonAsync<T>(Json))!;
    }

    private static async Task EnsureAsync(HttpResponseMessage answer)
    {
        if (!answer.IsSuccessStatusCode)
        {
            throw new HttpRequestException(
                $"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}",
                inner: null,
                answer.StatusCode);
        }
    }

    private sealed record TokenResponse(string Token);

    private sealed record SourceResponse(string Path);

    private sealed record PageResponse<T>(IReadOnlyList<T> Items);
}

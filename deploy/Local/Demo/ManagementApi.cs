using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Webhooks.Local.Demo;

/// <summary>The few calls of the management API that the demo makes, as any client would.</summary>
internal sealed class ManagementApi : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly HttpClient _http;

    public ManagementApi(string url, string token)
    {
        // Everything is on this machine; a proxy from the environment would only be in the way.
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(url) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public async Task<CreatedSubscription> CreateSubscriptionAsync(
        string tenant, DemoSubscription subscription, string url, CancellationToken cancellationToken)
    {
        using var answer = await _http.PostAsJsonAsync(
            "/v1/subscriptions",
            new
            {
                tenant_id = tenant,
                url,
                event_types = subscription.EventTypes,
                profile = subscription.Profile,
                description = $"demo: {subscription.Name}",
                retry = subscription.Name == DemoSubscription.Flaky ? DemoSubscription.FlakyRetry : null,
            },
            cancellationToken);
        return await ReadAsync<CreatedSubscription>(answer, cancellationToken);
    }

    public async Task DeleteSubscriptionAsync(string id, CancellationToken cancellationToken)
    {
        using var answer = await _http.DeleteAsync(new Uri($"/v1/subscriptions/{id}", UriKind.Relative), cancellationToken);
        await RequireSuccessAsync(answer, cancellationToken);
    }

    public async Task PublishAsync(ExampleEvent example, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(example.Body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await _http.PostAsync(new Uri("/v1/events", UriKind.Relative), content, cancellationToken);
        await RequireSuccessAsync(answer, cancellationToken);
    }

    /// <summary>The tenant's deliveries, newest first; the demo has fewer than a page.</summary>
    public async Task<IReadOnlyList<DeliveryRow>> DeliveriesAsync(string tenant, CancellationToken cancellationToken)
    {
        using var answer = await _http.GetAsync(new Uri($"/v1/deliveries?tenant_id={tenant}&limit=200", UriKind.Relative), cancellationToken);
        return (await ReadAsync<DeliveryPage>(answer, cancellationToken)).Items;
    }

    public async Task<DeliveryHistory> DeliveryAsync(string id, CancellationToken cancellationToken)
    {
        using var answer = await _http.GetAsync(new Uri($"/v1/deliveries/{id}", UriKind.Relative), cancellationToken);
        return await ReadAsync<DeliveryHistory>(answer, cancellationToken);
    }

    /// <summary>The tenant's only callback, with its whole story.</summary>
    public async Task<CallbackStory> CallbackAsync(string tenant, CancellationToken cancellationToken)
    {
        using var list = await _http.GetAsync(new Uri($"/v1/callbacks?tenant_id={tenant}", UriKind.Relative), cancellationToken);
        if ((await ReadAsync<CallbackPage>(list, cancellationToken)).Items is not [var only])
        {
            throw new DemoException("There should be one callback: the same key is never processed twice.");
        }

        using var answer = await _http.GetAsync(new Uri($"/v1/callbacks/{only.Id}", UriKind.Relative), cancellationToken);
        return await ReadAsync<CallbackStory>(answer, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await RequireSuccessAsync(answer, cancellationToken);
        return await answer.Content.ReadFromJsonAsync<T>(Json, cancellationToken)
            ?? throw new DemoException($"{answer.RequestMessage?.RequestUri} answered nothing.");
    }

    private static async Task RequireSuccessAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (!answer.IsSuccessStatusCode)
        {
            var request = answer.RequestMessage!;
            throw new DemoException(
                $"{request.Method} {request.RequestUri} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }

    private sealed record CallbackPage(IReadOnlyList<CallbackRow> Items);

    private sealed record CallbackRow(string Id);

    private sealed record DeliveryPage(IReadOnlyList<DeliveryRow> Items);
}

/// <summary>Of a created subscription, what a receiver needs.</summary>
internal sealed record CreatedSubscription(string Id, string Secret);

/// <summary>A delivery in the list.</summary>
internal sealed record DeliveryRow(string Id, string SubscriptionId, string EventId, string EventType, string Status);

/// <summary>A delivery with its attempts.</summary>
internal sealed record DeliveryHistory(string Id, string EventId, string EventType, string Status, IReadOnlyList<AttemptRow> Attempts);

/// <summary>One attempt of it.</summary>
internal sealed record AttemptRow(int Number, DateTimeOffset StartedAt, int DurationMs, string Outcome, int? StatusCode, AttemptRequest Request);

/// <summary>What the attempt sent.</summary>
internal sealed record AttemptRequest(string Url, string Body);

/// <summary>A callback with what became of it.</summary>
internal sealed record CallbackStory(string Id, string Status, string? Reason, Guid CommandId, IReadOnlyList<AnsweredDelivery> Deliveries);

/// <summary>A delivery that a callback answers.</summary>
internal sealed record AnsweredDelivery(string Id, string EventId);

/// <summary>The demo did not go as it should; says what was wrong.</summary>
internal sealed class DemoException(string message) : Exception(message);

using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.Load.Measuring;
using Webhooks.Load.Publishing;

namespace Webhooks.Load.Running;

/// <summary>A subscription that a run needs.</summary>
/// <param name="Url">Where its deliveries go.</param>
/// <param name="EventType">What it wants.</param>
internal sealed record Wanted(string Url, string EventType = EventSource.EventType);

/// <summary>A run's subscriptions, made and taken away through the management API.</summary>
internal sealed class LoadSubscriptions : IDisposable
{
    private const int AtATime = 16;

    private readonly HttpClient _http;
    private readonly string _profile;

    public LoadSubscriptions(RunningSystem system, string profile)
    {
        _profile = profile;
        _http = new HttpClient { BaseAddress = new Uri(system.Management + "/") };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", system.AdminToken);
    }

    /// <summary>What they all sign with.</summary>
    public string Secret { get; } = "whsec_" + Convert.ToBase64String(new byte[32]);

    public void Dispose() => _http.Dispose();

    /// <summary>Takes away those of before, of an earlier run too, and makes these.</summary>
    public async Task ReplaceAsync(IEnumerable<Wanted> wanted, CancellationToken cancellationToken)
    {
        await DeleteAllAsync(cancellationToken);
        await AddAsync(wanted, cancellationToken);
    }

    /// <returns>Their ids, in no order.</returns>
    public async Task<Guid[]> AddAsync(IEnumerable<Wanted> wanted, CancellationToken cancellationToken)
    {
        var ids = new ConcurrentBag<Guid>();
        await Parallel.ForEachAsync(wanted, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancellationToken }, async (subscription, token) =>
        {
            using var response = await _http.PostAsJsonAsync(
                "v1/subscriptions",
                new
                {
                    tenant_id = EventSource.TenantId,
                    url = subscription.Url,
                    event_types = new[] { subscription.EventType },
                    profile = _profile,
                    secret = Secret,
                },
                token);
            if (!response.IsSuccessStatusCode)
            {
                throw new InvalidOperationException($"Creating a subscription answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(token)}");
            }

            var made = await response.Content.ReadFromJsonAsync<JsonElement>(token);
            ids.Add(PrefixedId.TryParse(PrefixedId.Subscription, made.GetProperty("id").GetString()!, out var id) ? id : throw new FormatException("That is no subscription's id."));
        });
        return [.. ids];
    }

    /// <summary>How many deliveries of the run's tenant have not ended yet.</summary>
    public async Task<long> PendingAsync(CancellationToken cancellationToken)
    {
        var accounting = await _http.GetFromJsonAsync<JsonElement>($"v1/accounting?tenant_id={EventSource.TenantId}", cancellationToken);
        return accounting.GetProperty("pending").GetInt64();
    }

    /// <summary>Returns when at least so many wait.</summary>
    public async Task WhenPendingAsync(int deliveries, CancellationToken cancellationToken)
    {
        while (await PendingAsync(cancellationToken) is var pending && pending < deliveries)
        {
            Progress.Tell($"  {pending} wait");
            await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
        }
    }

    /// <summary>Pauses them, or lets them go on.</summary>
    /// <param name="ids">As they were made.</param>
    /// <param name="state"><c>paused</c> or <c>active</c>.</param>
    public async Task ChangeStateAsync(IEnumerable<Guid> ids, string state, CancellationToken cancellationToken)
    {
        foreach (var id in ids)
        {
            using var changed = await _http.PatchAsJsonAsync($"v1/subscriptions/{PrefixedId.Format(PrefixedId.Subscription, id)}", new { state }, cancellationToken);
            changed.EnsureSuccessStatusCode();
        }
    }

    private async Task DeleteAllAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await _http.GetFromJsonAsync<JsonElement>($"v1/subscriptions?tenant_id={EventSource.TenantId}&limit=200", cancellationToken);
            var ids = page.GetProperty("items").EnumerateArray().Select(subscription => subscription.GetProperty("id").GetString()).ToList();
            if (ids.Count == 0)
            {
                return;
            }

            await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancellationToken }, async (id, token) =>
            {
                using var deleted = await _http.DeleteAsync($"v1/subscriptions/{id}", token);
                deleted.EnsureSuccessStatusCode();
            });
        }
    }
}

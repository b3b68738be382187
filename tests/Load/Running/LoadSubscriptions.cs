using System.Net.Http.Headers;
using System.Text.Json;
using Webhooks.Load.Publishing;
using Webhooks.Load.Receiving;

namespace Webhooks.Load.Running;

/// <summary>Creates the run's subscriptions through the management API, and disables what an earlier run left.</summary>
internal sealed class LoadSubscriptions(RunningSystem system)
{
    /// <summary>Returns the secret they share.</summary>
    public async Task<string> CreateAsync(Receiver receiver, LoadOptions options, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = new Uri(system.Management + "/") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", system.AdminToken);
        await DisableEarlierAsync(http, cancellationToken);

        var secret = "whsec_" + Convert.ToBase64String(new byte[32]);
        for (var number = 0; number < options.Fanout; number++)
        {
            using var response = await http.PostAsJsonAsync(
                "v1/subscriptions",
                new
                {
                    tenant_id = EventSource.TenantId,
                    url = receiver.Url(number),
                    event_types = new[] { EventSource.EventType },
                    profile = options.Profile,
                    secret,
                },
                cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                throw new InvalidOperationException($"Creating a subscription answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
            }
        }

        return secret;
    }

    private static async Task DisableEarlierAsync(HttpClient http, CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await http.GetFromJsonAsync<JsonElement>($"v1/subscriptions?tenant_id={EventSource.TenantId}&limit=200", cancellationToken);
            if (page.GetProperty("items").GetArrayLength() == 0)
            {
                return;
            }

            foreach (var subscription in page.GetProperty("items").EnumerateArray())
            {
                using var deleted = await http.DeleteAsync($"v1/subscriptions/{subscription.GetProperty("id").GetString()}", cancellationToken);
                deleted.EnsureSuccessStatusCode();
            }
        }
    }
}

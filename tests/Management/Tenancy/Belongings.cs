using System.Net;
using Webhooks.Management.Tests.Callbacks;
using Webhooks.Management.Tests.Deliveries;
using Webhooks.Management.Tests.Parking;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Tenancy;

/// <summary>Things that really exist and belong to a tenant, one of each kind that a path of the document names; made when they are asked for.</summary>
internal sealed class Belongings(ManagementApi api, string tenantId)
{
    private readonly Dictionary<string, string> _ids = new(StringComparer.Ordinal);

    public string TenantId => tenantId;

    /// <summary>What was made, by kind: <c>subscriptions</c>, <c>deliveries</c> …</summary>
    public IReadOnlyDictionary<string, string> Ids => _ids;

    /// <summary>A path of the document with the ids of what exists: a parameter stands for what the step before it is called.</summary>
    public async Task<string> PathAsync(string path)
    {
        var steps = path.Split('/');
        for (var step = 1; step < steps.Length; step++)
        {
            if (steps[step].StartsWith('{'))
            {
                steps[step] = await IdAsync(steps[step - 1]);
            }
        }

        return string.Join('/', steps);
    }

    private async Task<string> IdAsync(string kind)
    {
        if (!_ids.TryGetValue(kind, out var id))
        {
            _ids[kind] = id = await MakeAsync(kind);
        }

        return id;
    }

    private async Task<string> MakeAsync(string kind) => kind switch
    {
        "subscriptions" => (await api.SubscribeAsync(tenantId)).Id,
        "tokens" => Made(await api.PostAsync("/v1/tokens", new { tenant_id = tenantId, scopes = new[] { "admin" } })),
        "events" => (await Accepted.EventAsync(api, tenantId, "exception.created", [await IdAsync("subscriptions")], eventId: $"evt_{Guid.NewGuid():N}")).EventId,
        "deliveries" => (await Accepted.EventAsync(api, tenantId, "exception.created", [await IdAsync("subscriptions")])).Deliveries[0],
        // Built in, and everybody's.
        "event-types" => "match_run.completed",
        "replays" => await ReplayAsync(),
        "callbacks" => await StoredCallbacks.AddAsync(api, tenantId),
        "parked" => await ParkedRows.AddAsync(api, tenantId),
        "sources" => Made(await api.PostAsync("/v1/sources", new { tenant_id = tenantId, kind = "jira" })),
        _ => throw new InvalidOperationException($"The document has a path with an id after /{kind}/. Say here how to make such a thing, so that the tests reach it."),
    };

    // Finished already: a tenant may have only so many that are not.
    private async Task<string> ReplayAsync() => "rpl_" + (await api.Database.ScalarAsync<Guid>(
        """
        INSERT INTO replays (id, tenant_id, statuses, until, recovers, requested_by, status, matched, counted, created_at, updated_at, finished_at)
        VALUES (gen_random_uuid(), $1, '{failed}', now(), false, 'tests', 'done', 0, true, now(), now(), now())
        RETURNING id
        """,
        tenantId)).ToString("N");

    private static string Made(Answer answer)
    {
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return answer.Id;
    }
}

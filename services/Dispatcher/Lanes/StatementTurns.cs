using Webhooks.Database.Faults;
using Webhooks.Sending.Shares;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Lanes;

/// <summary>
/// Runs what lanes want of the database, so many at a time, and as long as it is away. The tenants have their turns, however many lanes each
/// has: all lanes of one go on at the same moment when its network is back, and each reads, sends and reads again.
/// </summary>
/// <param name="atOnce">How many. Each takes a connection or two, and who waits too long for one takes that for an outage.</param>
internal sealed class StatementTurns(int atOnce, SubscriptionCache subscriptions, DatabaseGate database)
{
    // The lanes that are left with no subscription: all of them together have the turns of one tenant.
    private const string Nobody = "";

    private readonly TenantTurns _turns = new(atOnce);

    public async Task<T> RunAsync<T>(HeldLane lane, Func<CancellationToken, Task<T>> statement, CancellationToken stop)
    {
        var tenantId = subscriptions.Current.ById.GetValueOrDefault(lane.SubscriptionId)?.TenantId ?? Nobody;
        using var turn = await _turns.TakeAsync(tenantId, stop);
        return await database.RunAsync(statement, stop);
    }
}

using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Lanes.Doors;
using Webhooks.Dispatcher.Rollups;

namespace Webhooks.Dispatcher.Tests;

/// <summary>Stores over a database of the test's choice, put together as the dispatcher does.</summary>
internal static class Stores
{
    public static AttemptStore Attempts(NpgsqlDataSource database)
    {
        var health = new HealthStore(database, new BreakerOptions());
        var lanes = new HealthLanes(health, new LaneOpeningStore(database), TimeProvider.System, NullLogger<HealthLanes>.Instance);
        return new AttemptStore(database, new MinuteStore(database), health, lanes);
    }
}

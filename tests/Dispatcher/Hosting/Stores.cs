using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Webhooks.Database.Faults;
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
        var gate = new DatabaseGate(database, TimeProvider.System, NullLogger<DatabaseGate>.Instance);
        var doors = new LaneOpenings(new LaneOpeningStore(database), gate, TimeProvider.System, NullLogger<LaneOpenings>.Instance);
        var lanes = new HealthLanes(health, doors, TimeProvider.System);
        return new AttemptStore(database, new MinuteStore(database), health, lanes);
    }
}

using System.Net.Sockets;
using Npgsql;

namespace Webhooks.Database.Faults;

/// <summary>Tells our own fault (the database is away or overwhelmed: hold, probe, repeat) from a fault of the data (repeating is useless).</summary>
public static class DatabaseFault
{
    /// <summary>True when the same statement may succeed later without any change.</summary>
    public static bool IsOurs(Exception exception) => exception switch
    {
        // Classes: 08 connection, 40 rollback (deadlock, serialization), 53 resources, 55 lock not available,
        // 57 operator intervention, 58 system error. 25006: a read-only standby after a failover.
        PostgresException postgres => postgres.SqlState is "25006" || postgres.SqlState[..2] is "08" or "40" or "53" or "55" or "57" or "58",
        NpgsqlException => true,
        TimeoutException or SocketException or IOException => true,
        _ => exception.InnerException is { } inner && IsOurs(inner),
    };
}

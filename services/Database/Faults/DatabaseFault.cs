using System.Globalization;
using System.Net.Sockets;
using Npgsql;

namespace Webhooks.Database.Faults;

/// <summary>
/// Tells our own fault (the database is away or overwhelmed: hold, probe, repeat) from a fault of the schema (end, and begin anew), and
/// both from a fault of the data (repeating is useless).
/// </summary>
public static class DatabaseFault
{
    /// <summary>True when the same statement may succeed later without any change.</summary>
    public static bool IsOurs(Exception exception) => exception switch
    {
        // It ended the session, or began none, and judged no statement (decision 0026). Whatever the code: a disk without room can be XX000.
        PostgresException { InvariantSeverity: "FATAL" or "PANIC" } => true,
        // Classes: 08 connection, 40 rollback (deadlock, serialization), 53 resources, 55 lock not available,
        // 57 operator intervention, 58 system error. 25006: a read-only standby after a failover. 25P03: we stood still in a transaction.
        PostgresException postgres => postgres.SqlState is "25006" or "25P03" || postgres.SqlState[..2] is "08" or "40" or "53" or "55" or "57" or "58",
        NpgsqlException => true,
        TimeoutException or SocketException or IOException => true,
        _ => exception.InnerException is { } inner && IsOurs(inner),
    };

    /// <summary>
    /// True when no data would have been taken: a table, a partition, a column or a right is missing (a backup was restored beneath us).
    /// Nothing that was being worked on is to blame, and the next start of a service migrates and makes partitions. Damage is none of
    /// these: it hits who touches the damaged page, and a start mends nothing.
    /// </summary>
    public static bool IsOfTheSchema(Exception exception) => exception switch
    {
        // Classes: 0A a plan that is out of date, 3F schema, 42 names and rights. A row that finds no partition violates a check (23514)
        // that has no name.
        PostgresException { SqlState: PostgresErrorCodes.CheckViolation, ConstraintName: null } => true,
        PostgresException postgres => postgres.SqlState[..2] is "0A" or "3F" or "42",
        _ => exception.InnerException is { } inner && IsOfTheSchema(inner),
    };

    /// <summary>Which server did what, for an operator's log: <c>PostgreSQL at db:5432 cannot be reached (Connection refused)</c>.</summary>
    public static string Describe(Exception exception, NpgsqlDataSource database)
    {
        var server = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        return string.Create(CultureInfo.InvariantCulture, $"PostgreSQL at {server.Host}:{server.Port} {Deed(exception)}");
    }

    // The innermost exception tells; those around it say what we were doing.
    private static string Deed(Exception exception) => exception switch
    {
        PostgresException { SqlState: "57P05" or "25P03" } =>
            "has ended a session that had said nothing for seconds: this process stood still (decision 0031)",
        PostgresException postgres => $"refused: {postgres.MessageText} ({postgres.SqlState})",
        { InnerException: { } inner } => Deed(inner),
        SocketException { SocketErrorCode: not (SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown) } => $"cannot be reached ({exception.Message})",
        TimeoutException or OperationCanceledException => "does not answer in time",
        SocketException or IOException or ObjectDisposedException => "closed the connection",
        _ => $"does not answer ({exception.Message})",
    };
}

using Npgsql;

namespace Webhooks.Database;

/// <summary>How our sessions differ from a client's usual ones.</summary>
internal static class ConnectionSettings
{
    // A session whose client is gone without a word (its machine died, the network was cut) holds row locks and the
    // leadership: the server notices within half a minute instead of hours. Of a client that merely stands still (a process that
    // was stopped, a virtual machine that pauses) the network says nothing: it may not keep others from its rows for longer than
    // three seconds. That is time enough between two statements; what waits for others meanwhile says so (IdleTransaction).
    private const string EndsWithItsClient =
        "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=20000"
        + " -c client_connection_check_interval=5000 -c idle_in_transaction_session_timeout=3000";

    // Planned once, for any keys: a plan for the keys at hand takes their range for a short way and walks all rows in it.
    // A forbidden scan that cannot be avoided (a table of two rows) counts as so dear that it would be compiled each time.
    private const string FindsRowsByKey =
        "-c jit=off -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off";

    /// <summary>The connection string to use; what <paramref name="configured"/> says itself is kept.</summary>
    public static string Of(string configured, bool onlyKeyLookups)
    {
        var connection = new NpgsqlConnectionStringBuilder
        {
            ApplicationName = AppDomain.CurrentDomain.FriendlyName,
            // Few, constant statements: each is planned once per connection.
            MaxAutoPrepare = 100,
            AutoPrepareMinUsages = 2,
            // A database that does not answer is our own fault and is found out soon.
            Timeout = 5,
            CommandTimeout = 15,
            Enlist = false,
            // No session state outlives its use here; the reset would cost a round trip a statement.
            NoResetOnClose = true,
            // The server has a hundred for everybody. More work than these do at a time waits its turn here, not there.
            MaxPoolSize = 24,
        };
        foreach (var (keyword, value) in new NpgsqlConnectionStringBuilder(configured))
        {
            connection[keyword] = value;
        }

        // The server takes the last of two that contradict each other.
        connection.Options = $"{EndsWithItsClient} {(onlyKeyLookups ? FindsRowsByKey : "")} {connection.Options}".TrimEnd();
        return connection.ConnectionString;
    }
}

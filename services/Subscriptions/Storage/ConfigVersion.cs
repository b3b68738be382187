namespace Webhooks.Subscriptions.Storage;

/// <summary>
/// The fleet's one configuration version. Every change takes the next number in its own transaction, and the row's lock
/// is held to the commit: so changes become visible in the order of their numbers, and whoever has seen version n has
/// seen everything up to n.
/// </summary>
public static class ConfigVersion
{
    /// <summary>
    /// A common table expression <c>version(value, at)</c> that takes the next number, and the moment it was taken. Take
    /// it after every other lock of the transaction: all changes wait for each other here.
    /// </summary>
    public const string Next = "version AS (UPDATE settings SET value = value + 1 WHERE name = 'config_version' RETURNING value, clock_timestamp() AS at)";

    /// <summary>An expression over <see cref="Next"/> that tells every cache at the commit.</summary>
    public const string Notify = "pg_notify('webhooks_config', version.value::text)";

    /// <summary>A statement that takes the next number and tells every cache, of a change that was made before it in the transaction.</summary>
    public const string Move = $"WITH {Next} SELECT {Notify} FROM version";
}

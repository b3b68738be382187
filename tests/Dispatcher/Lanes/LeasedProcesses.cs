using Npgsql;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>
/// Dispatchers as processes, and whose a lease is: the database notes that when it is begun. By their numbers it cannot be told, for a
/// dispatcher that a busy machine let lose its lease begins another one.
/// </summary>
internal sealed class LeasedProcesses(World world) : IAsyncDisposable
{
    private readonly List<ServiceChild> _processes = [];

    public int Count => _processes.Count;

    /// <summary>Starts one more; returns when it has a lease.</summary>
    public async Task StartAsync(params (string Key, string Value)[] settings)
    {
        var place = _processes.Count;
        if (place == 0)
        {
            await world.Database.ExecuteAsync("""
                CREATE TABLE begun (lease bigint, place int);
                CREATE FUNCTION note_begun() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN INSERT INTO begun VALUES (NEW.id, current_setting('application_name')::int); RETURN NEW; END $$;
                CREATE TRIGGER note_begun AFTER INSERT ON dispatchers FOR EACH ROW EXECUTE FUNCTION note_begun();
                """);
        }

        var named = new NpgsqlConnectionStringBuilder(world.Postgres.ConnectionString) { ApplicationName = $"{place}" };
        _processes.Add(await world.StartChildAsync([("ConnectionStrings:Postgres", named.ConnectionString), .. settings]));
        await Eventually.TrueAsync(
            async () => await world.Database.ScalarAsync<long>("SELECT count(*) FROM begun WHERE place = $1", place) > 0, World.Limit, "a dispatcher that is alive");
    }

    /// <summary>The process whose lease this is, or was.</summary>
    public async Task<ServiceChild> OfAsync(long lease) =>
        _processes[await world.Database.ScalarAsync<int>("SELECT place FROM begun WHERE lease = $1", lease)];

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }
    }
}

using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Webhooks.Database.Notifications;
using Webhooks.TestKit;

namespace Webhooks.Database.Tests.Notifications;

public sealed class ConfigListenerTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly CancellationTokenSource _stop = new();
    private NpgsqlDataSource _database = null!;
    private Task _listening = Task.CompletedTask;
    private int _reloads;

    public async ValueTask InitializeAsync()
    {
        _database = await MigratedDatabase.CreateEmptyAsync();
        _listening = new ConfigListener(_database, TimeProvider.System, NullLogger<ConfigListener>.Instance).RunAsync(
            _ =>
            {
                Interlocked.Increment(ref _reloads);
                return Task.CompletedTask;
            },
            _stop.Token);
        await NextReloadAsync();
    }

    [Fact]
    public async Task A_change_is_heard_long_before_the_poll_would_find_it()
    {
        await Promptly.MostAsync(TimeSpan.FromMilliseconds(250), rounds: 10, async () =>
        {
            // Right after a reload the poll is half a second away.
            await NextReloadAsync();
            var reload = NextReloadAsync();
            var waited = Stopwatch.StartNew();
            await _database.ExecuteAsync($"NOTIFY {ConfigListener.Channel}");
            await reload;
            return waited.Elapsed;
        });
    }

    [Fact]
    public async Task A_change_that_was_not_notified_is_found_by_the_poll()
    {
        for (var poll = 0; poll < 3; poll++)
        {
            await NextReloadAsync();
        }
    }

    [Fact]
    public async Task It_listens_again_after_its_session_was_ended()
    {
        var reload = NextReloadAsync();
        await _database.EndSessionsAsync("query LIKE 'LISTEN%'");
        await reload;

        await Eventually.TrueAsync(
            async () => await _database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'") == 1,
            Limit, "a session that listens");
        await NextReloadAsync();
        Assert.False(_listening.IsCompleted);
    }

    [Fact]
    public async Task A_stop_ends_it_without_a_fault()
    {
        await _stop.CancelAsync();

        await _listening.WaitAsync(Limit);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _listening;
        await _database.DisposeAsync();
        _stop.Dispose();
    }

    private Task NextReloadAsync()
    {
        var before = Volatile.Read(ref _reloads);
        return Eventually.TrueAsync(() => Volatile.Read(ref _reloads) > before, Limit, "a reload");
    }
}

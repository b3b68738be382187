using Npgsql;
using Webhooks.Database.Notifications;
using Webhooks.Database.Settings;
using Webhooks.TestKit;

namespace Webhooks.Database.Tests.Settings;

public sealed class SettingsStoreTests
{
    [Fact]
    public async Task Shards_are_raised_with_a_new_configuration_version_and_never_lowered()
    {
        await using var database = await MigratedDatabase.CreateAsync();
        var settings = new SettingsStore(database);
        Assert.Equal(new FleetSettings(ConfigVersion: 1, Shards: 1), await settings.ReadAsync(CancellationToken.None));

        await settings.RaiseShardsAsync(4, CancellationToken.None);
        Assert.Equal(new FleetSettings(ConfigVersion: 2, Shards: 4), await settings.ReadAsync(CancellationToken.None));

        await settings.RaiseShardsAsync(4, CancellationToken.None);
        await settings.RaiseShardsAsync(1, CancellationToken.None);
        Assert.Equal(new FleetSettings(ConfigVersion: 2, Shards: 4), await settings.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task The_highest_of_many_configurations_wins()
    {
        await using var database = await MigratedDatabase.CreateAsync();
        var settings = new SettingsStore(database);

        await Task.WhenAll(Enumerable.Range(1, 10).Select(shards => settings.RaiseShardsAsync(shards, CancellationToken.None)));

        Assert.Equal(10, (await settings.ReadAsync(CancellationToken.None)).Shards);
    }

    [Fact]
    public async Task Raising_is_told_to_every_cache()
    {
        await using var database = await MigratedDatabase.CreateAsync();
        await using var listening = await database.OpenConnectionAsync();
        await using var listen = new NpgsqlCommand($"LISTEN {ConfigListener.Channel}", listening);
        await listen.ExecuteNonQueryAsync();
        var told = new List<string>();
        listening.Notification += (_, notification) => told.Add(notification.Payload);

        await new SettingsStore(database).RaiseShardsAsync(2, CancellationToken.None);

        Assert.True(await listening.WaitAsync(TimeSpan.FromMinutes(2)));
        Assert.Equal(["2"], told);
    }
}

using Npgsql;
using Webhooks.TestKit;

namespace Webhooks.Database.Tests;

public sealed class ConnectionSettingsTests
{
    [Theory]
    [InlineData("tcp_user_timeout", "20000")]
    [InlineData("client_connection_check_interval", "5s")]
    [InlineData("idle_in_transaction_session_timeout", "3s")]
    [InlineData("enable_seqscan", "off")]
    public async Task The_server_takes_what_we_ask_of_a_session(string setting, string expected)
    {
        await using var database = NpgsqlDataSource.Create(ConnectionSettings.Of(await TestDatabase.CreateAsync(), onlyKeyLookups: true));

        Assert.Equal(expected, await database.ScalarAsync<string>($"SHOW {setting}"));
    }

    // A server's usual hundred are for every process of the system; without a limit one that hurries takes them all.
    [Theory]
    [InlineData("", 24)]
    [InlineData("Maximum Pool Size=50", 50)]
    public void A_process_takes_few_of_the_servers_sessions_unless_it_is_told_otherwise(string configured, int expected) =>
        Assert.Equal(expected, new NpgsqlConnectionStringBuilder(ConnectionSettings.Of($"Host=db;{configured}", onlyKeyLookups: false)).MaxPoolSize);

    [Fact]
    public async Task More_work_than_sessions_waits_its_turn()
    {
        await using var database = NpgsqlDataSource.Create(ConnectionSettings.Of(await TestDatabase.CreateAsync(), onlyKeyLookups: false));

        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => database.ScalarAsync<bool>("SELECT pg_sleep(0.01) IS NOT NULL")));

        // This one included.
        Assert.InRange(await database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"), 2, 24);
    }

    [Fact]
    public async Task What_the_connection_string_says_itself_is_kept()
    {
        var configured = await TestDatabase.CreateAsync() + ";Command Timeout=77;Options=-c idle_in_transaction_session_timeout=77s -c work_mem=7MB";

        await using var database = NpgsqlDataSource.Create(ConnectionSettings.Of(configured, onlyKeyLookups: false));

        Assert.Equal(77, new NpgsqlConnectionStringBuilder(database.ConnectionString).CommandTimeout);
        Assert.Equal("77s", await database.ScalarAsync<string>("SHOW idle_in_transaction_session_timeout"));
        Assert.Equal("7MB", await database.ScalarAsync<string>("SHOW work_mem"));
        Assert.Equal("5s", await database.ScalarAsync<string>("SHOW client_connection_check_interval"));
        Assert.Equal("on", await database.ScalarAsync<string>("SHOW enable_seqscan"));
    }
}

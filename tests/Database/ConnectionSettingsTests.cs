using Npgsql;
using Webhooks.TestKit;

namespace Webhooks.Database.Tests;

public sealed class ConnectionSettingsTests
{
    [Theory]
    [InlineData("tcp_user_timeout", "20000")]
    [InlineData("client_connection_check_interval", "5s")]
    [InlineData("idle_in_transaction_session_timeout", "30s")]
    [InlineData("enable_seqscan", "off")]
    public async Task The_server_takes_what_we_ask_of_a_session(string setting, string expected)
    {
        await using var database = NpgsqlDataSource.Create(ConnectionSettings.Of(await TestDatabase.CreateAsync(), onlyKeyLookups: true));

        Assert.Equal(expected, await database.ScalarAsync<string>($"SHOW {setting}"));
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

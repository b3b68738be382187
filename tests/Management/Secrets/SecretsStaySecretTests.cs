using System.Net;
using System.Text;

namespace Webhooks.Management.Tests.Secrets;

public sealed class SecretsStaySecretTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    [Fact]
    public async Task No_secret_and_no_token_is_in_the_database_or_in_the_logs()
    {
        const string Given = "given-secret-9f8e7d6c5b4a";
        const string Patched = "patched-secret-1a2b3c4d5e6f";
        const string Refused = "refused-secret-with-\u00fc";
        var made = await api.PostAsync("/v1/subscriptions", new { tenant_id = "secrets", url = "https://receiver.example/", event_types = new[] { "a" }, secret = Given });
        var generated = await api.SubscribeAsync("secrets");
        await api.PatchAsync($"/v1/subscriptions/{made.Id}", new { secret = Patched });
        await api.PostAsync("/v1/subscriptions", new { tenant_id = "secrets", url = "nowhere", event_types = new[] { "a" }, secret = Refused });
        await api.PostAsync("/v1/subscriptions", $"{{\"secret\":\"{Refused}\",,}}");
        var token = await api.TokenAsync("secrets");
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/v1/subscriptions", token)).Status);
        await api.GetAsync("/v1/subscriptions", token + "x");

        string[] secrets = [Given, Patched, Refused, generated.Member("secret")!, token, ManagementApi.AdminToken, Convert.ToBase64String(new byte[32])];

        Assert.NotEmpty(api.Log.Lines);
        foreach (var secret in secrets)
        {
            Assert.DoesNotContain(api.Log.Lines, line => line.Contains(secret, StringComparison.Ordinal));
        }

        var stored = await DumpAsync();
        Assert.Contains("https://receiver.example/", stored, StringComparison.Ordinal);
        foreach (var secret in secrets)
        {
            Assert.DoesNotContain(secret, stored, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(secret)), stored, StringComparison.Ordinal);
        }
    }

    /// <summary>Every row of every table as text; bytes are in hex there.</summary>
    private async Task<string> DumpAsync()
    {
        var dump = new StringBuilder();
        var tables = new List<string>();
        await using (var command = api.Database.CreateCommand("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        await using (var row = await command.ExecuteReaderAsync())
        {
            while (await row.ReadAsync())
            {
                tables.Add(row.GetString(0));
            }
        }

        foreach (var table in tables)
        {
            await using var command = api.Database.CreateCommand($"SELECT t::text FROM \"{table}\" AS t");
            await using var row = await command.ExecuteReaderAsync();
            while (await row.ReadAsync())
            {
                dump.AppendLine(row.GetString(0));
            }
        }

        return dump.ToString();
    }
}

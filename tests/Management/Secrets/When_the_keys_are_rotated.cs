using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Storage;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Secrets;

/// <summary>The command as an operator runs it: a process beside a running service, configured by its environment.</summary>
public sealed class When_the_keys_are_rotated(ManagementApi api) : IClassFixture<ManagementApi>
{
    private const int Count = 40;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly string NewKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Should_go_on_where_a_run_was_killed()
    {
        var ids = new List<Guid>();
        for (var number = 0; number < Count; number++)
        {
            ids.Add(ManagementApi.IdOf(await api.SubscribeAsync("reencrypt")));
        }

        // A change that takes its time holds the run in the middle.
        await using (var connection = await api.Database.OpenConnectionAsync(Stop))
        await using (var transaction = await connection.BeginTransactionAsync(Stop))
        {
            await using var hold = new NpgsqlCommand("SELECT 1 FROM subscriptions WHERE id = $1 FOR UPDATE", connection) { Parameters = { new() { Value = ids.Order().ElementAt(Count / 2) } } };
            await hold.ExecuteScalarAsync(Stop);
            await using var killed = CommandRun.Start(Environment(), "--chunk-size", "3");
            await Eventually.TrueAsync(async () => await UnderAsync("new") > 0, Limit, "the first secrets to be encrypted anew");
            await killed.KillAsync();
        }

        Assert.InRange(await UnderAsync("new"), 3, Count / 2);
        // The service, which has only the old key, knows nothing of it yet.
        Assert.Equal(System.Net.HttpStatusCode.OK, (await api.GetAsync($"/v1/subscriptions/sub_{ids.Max():N}")).Status);

        await using var next = CommandRun.Start(Environment(), "--chunk-size", "3");
        Assert.True(await next.ExitCodeAsync() == 0, next.Output);
        Assert.Contains("0 left under other keys", next.Output, StringComparison.Ordinal);
        Assert.Equal((0, Count), (await UnderAsync("test"), await UnderAsync("new")));
        Assert.DoesNotContain(NewKey, next.Output, StringComparison.Ordinal);

        var store = new SubscriptionStore(api.Database, new SecretVault(Options.Create(new SecretKeyOptions { SecretKeyId = "new", SecretKeys = { ["new"] = NewKey } })), TimeProvider.System);
        Assert.All(await store.ListAsync("reencrypt", channel: null, before: null, Count, Stop), subscription => Assert.StartsWith("whsec_", subscription.SigningSecret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_say_in_a_sentence_what_is_wrong_and_change_nothing()
    {
        await using var own = new ManagementApi();
        await own.InitializeAsync();
        await own.SubscribeAsync("wrong");

        await FailsAsync(own, [("Webhooks__SecretKeys__test", NewKey)], "Webhooks:SecretKeys:test is not the key");
        await FailsAsync(own, [("Webhooks__SecretKeys__test", "short")], "Webhooks:SecretKeys:test must be 32 bytes");
        await FailsAsync(own, [("Webhooks__SecretKeys__test", null)], "Webhooks:SecretKeys:test is missing");
        await FailsAsync(own, [("ConnectionStrings__Postgres", "Host=127.0.0.1;Port=1;Database=none")], "The database is away");
        await FailsAsync(own, [("ConnectionStrings__Postgres", null)], "ConnectionStrings:Postgres is missing");

        Assert.Equal(["test"], await own.Database.ColumnAsync<string>("SELECT key_id FROM subscription_secrets"));
    }

    [Fact]
    public async Task Should_explain_itself()
    {
        await using var run = CommandRun.Start(Environment(), "--help");

        Assert.Equal(0, await run.ExitCodeAsync());
        Assert.Contains("--chunk-size", run.Output, StringComparison.Ordinal);
        Assert.Contains("Webhooks:SecretKeyId", run.Output, StringComparison.Ordinal);

        await using var mistaken = CommandRun.Start(Environment(), "--chunk-size", "0");
        Assert.Equal(1, await mistaken.ExitCodeAsync());
        Assert.Contains("--chunk-size takes 1 to 10000.", mistaken.Output, StringComparison.Ordinal);
    }

    private async Task FailsAsync(ManagementApi own, (string Key, string? Value)[] settings, string sentence)
    {
        var environment = Environment(own);
        foreach (var (key, value) in settings)
        {
            environment[key] = value;
        }

        await using var run = CommandRun.Start(environment);
        Assert.Equal(1, await run.ExitCodeAsync());
        Assert.Contains(sentence, run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Output, StringComparison.Ordinal);
    }

    private Dictionary<string, string?> Environment(ManagementApi? of = null)
    {
        var environment = (of ?? api).Settings().ToDictionary(setting => setting.Key.Replace(":", "__", StringComparison.Ordinal), setting => (string?)setting.Value);
        environment["Webhooks__SecretKeys__new"] = NewKey;
        environment["Webhooks__SecretKeyId"] = "new";
        return environment;
    }

    private async Task<int> UnderAsync(string keyId) =>
        (int)await api.Database.ScalarAsync<long>("SELECT count(*) FROM subscription_secrets JOIN subscriptions s ON s.id = subscription_id WHERE tenant_id = 'reencrypt' AND key_id = $1", keyId);

    private sealed class CommandRun : IAsyncDisposable
    {
        private readonly ConcurrentQueue<string> _lines = new();
        private readonly Process _process;

        private CommandRun(Process process) => _process = process;

        public string Output => string.Join('\n', _lines);

        public static CommandRun Start(IReadOnlyDictionary<string, string?> environment, params string[] arguments)
        {
            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Webhooks.Management.dll"), "reencrypt-secrets", .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = AppContext.BaseDirectory,
            };
            foreach (var (key, value) in environment)
            {
                start.Environment[key] = value;
            }

            var run = new CommandRun(new Process { StartInfo = start });
            run._process.OutputDataReceived += (_, line) => run._lines.Enqueue(line.Data ?? "");
            run._process.ErrorDataReceived += (_, line) => run._lines.Enqueue(line.Data ?? "");
            run._process.Start();
            run._process.BeginOutputReadLine();
            run._process.BeginErrorReadLine();
            return run;
        }

        public async Task<int> ExitCodeAsync()
        {
            await _process.WaitForExitAsync(Stop).WaitAsync(Limit, Stop);
            return _process.ExitCode;
        }

        public async Task KillAsync()
        {
            _process.Kill();
            await _process.WaitForExitAsync(Stop);
        }

        public ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
            {
                _process.Kill();
            }

            _process.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

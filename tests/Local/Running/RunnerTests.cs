using System.Net;
using System.Net.Sockets;
using Webhooks.Local.Processes;
using Webhooks.Local.Running;
using Webhooks.TestKit;
using Endpoints = Webhooks.Local.Running.Endpoints; // the writer's own, not the test kit's reader

namespace Webhooks.Local.Tests.Running;

public sealed class RunnerTests
{
    [Fact]
    public async Task It_runs_until_told_to_stop_and_leaves_nothing_but_the_data()
    {
        using var runner = Runner.Start(await TestDirectory.CreateAsync("runner"), null, "--no-demo", "--dispatchers", "2");
        var endpoints = await runner.ReadyAsync();

        Assert.Equal(HttpStatusCode.OK, await HealthAsync(endpoints.Management));
        Assert.Equal(HttpStatusCode.OK, await HealthAsync(endpoints.Callbacks));
        Assert.Single(endpoints.Processes.CallbackIngest);
        Assert.Equal(2, endpoints.Processes.Dispatcher.Count);
        Assert.Equal("beam.smp", ProcessTable.NameOf(Assert.Single(endpoints.Processes.RabbitMq)));
        Assert.Equal("postgres", ProcessTable.NameOf(Assert.Single(endpoints.Processes.Postgres)));

        using var second = Runner.Start(runner.State, null, "--no-demo");
        var refused = await second.EndAsync();
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"in use by process {runner.ProcessId}", refused.Output, StringComparison.Ordinal);

        runner.Signal(ProcessSignal.Terminate);
        var (exitCode, output) = await runner.EndAsync();

        Assert.True(exitCode == 0, output);
        Assert.False(File.Exists(runner.EndpointsFile));
        Assert.Empty(runner.Remaining());

        using var again = Runner.Start(runner.State, null, "--no-demo", "--once");
        Assert.Equal(0, (await again.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_first_start_writes_no_error_into_any_log()
    {
        using var runner = Runner.Start(await TestDirectory.CreateAsync("runner"), null, "--no-demo", "--dispatchers", "2");
        await runner.ReadyAsync();

        // While it runs: a stop may cut off a statement, of which PostgreSQL writes an error.
        var logs = Directory.GetFiles(Path.Combine(runner.State, "logs"));
        Assert.Contains(logs, log => Path.GetFileName(log).StartsWith("dispatcher-2", StringComparison.Ordinal));
        Assert.DoesNotContain(logs.SelectMany(File.ReadLines), line => line.Contains("ERROR:", StringComparison.Ordinal) || line.Contains(" fail: ", StringComparison.Ordinal));

        runner.Signal(ProcessSignal.Terminate);
        await runner.EndAsync();
    }

    [Fact]
    public async Task Its_scripts_call_the_servers_own_clients_while_it_runs()
    {
        using var runner = Runner.Start(await TestDirectory.CreateAsync("runner"), null, "--no-demo");
        await runner.ReadyAsync();

        var queues = await runner.CallAsync("rabbitmqctl", "--quiet", "--vhost", "webhooks", "list_queues", "name");
        var tables = await runner.CallAsync("psql", "--no-psqlrc", "--tuples-only", "--command", "SELECT 'subscriptions: ' || count(*) FROM subscriptions");

        Assert.Contains("webhooks.publisher", queues, StringComparison.Ordinal);
        Assert.Contains("subscriptions: 0", tables, StringComparison.Ordinal);

        runner.Signal(ProcessSignal.Terminate);
        var (_, output) = await runner.EndAsync();
        foreach (var script in new[] { "rabbitmqctl", "psql" }.Select(name => Path.Combine(runner.State, name)))
        {
            Assert.Contains(script, output, StringComparison.Ordinal);
            Assert.False(File.Exists(script));
        }
    }

    [Fact]
    public async Task What_dies_is_started_again_where_it_was()
    {
        using var runner = Runner.Start(await TestDirectory.CreateAsync("runner"), null, "--no-demo");
        var before = await runner.ReadyAsync();

        foreach (var id in Everything(before))
        {
            ProcessSignal.Send(id, ProcessSignal.Kill);
        }

        await Eventually.TrueAsync(
            async () => await Endpoints.ReadAsync(runner.EndpointsFile) is var now
                && !Everything(now).Intersect(Everything(before)).Any()
                && await HealthAsync(now.Management) == HttpStatusCode.OK
                && await HealthAsync(now.Callbacks) == HttpStatusCode.OK,
            Runner.Limit,
            "every process to be a new one and the APIs to be ready");
        var after = await Endpoints.ReadAsync(runner.EndpointsFile);
        Assert.Equal(before with { Processes = after.Processes }, after);

        runner.Signal(ProcessSignal.Interrupt);
        Assert.Equal(0, (await runner.EndAsync()).ExitCode);
        Assert.Empty(runner.Remaining());
    }

    [Fact]
    public async Task A_killed_runner_takes_its_children_along()
    {
        using var runner = Runner.Start(await TestDirectory.CreateAsync("runner"), null, "--no-demo");
        await runner.ReadyAsync();

        runner.Signal(ProcessSignal.Kill);

        await Eventually.TrueAsync(() => !runner.Remaining().Any(), Runner.Limit, "nothing to be left");
    }

    [Fact]
    public async Task A_service_that_does_not_start_ends_the_run_with_its_reason()
    {
        using var runner = Runner.Start(
            await TestDirectory.CreateAsync("runner"),
            new Dictionary<string, string> { ["Webhooks__AllowedAddresses"] = "nonsense" });

        var (exitCode, output) = await runner.EndAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains("Webhooks:AllowedAddresses contains 'nonsense'", output, StringComparison.Ordinal);
        Assert.Empty(runner.Remaining());
    }

    [Fact]
    public async Task Given_servers_are_used_and_the_demo_goes_well_on_them()
    {
        var given = new Dictionary<string, string>
        {
            ["ConnectionStrings__RabbitMq"] = await TestBroker.CreateVhostAsync(),
            ["ConnectionStrings__Postgres"] = await TestDatabase.CreateAsync(),
            ["Webhooks__AdminToken"] = "whk_" + new string('g', 40),
        };
        using var runner = Runner.Start(await TestDirectory.CreateAsync("runner"), given, "--once");
        var endpoints = await runner.ReadyAsync();

        Assert.Equal(given.Values, [endpoints.Amqp, endpoints.Postgres, endpoints.AdminToken]);
        Assert.Empty(endpoints.Processes.RabbitMq);
        Assert.Empty(endpoints.Processes.Postgres);

        var (exitCode, output) = await runner.EndAsync();
        Assert.True(exitCode == 0, output);
        Assert.Contains("delivered after 3 attempts, the same bytes each time", output, StringComparison.Ordinal);
        Assert.Contains("the callback is applied", output, StringComparison.Ordinal);
        Assert.Empty(runner.Remaining());
    }

    [Theory]
    [InlineData("ConnectionStrings__RabbitMq", "amqp://guest:guest@127.0.0.1:1/")]
    [InlineData("ConnectionStrings__RabbitMq", "nonsense")]
    [InlineData("ConnectionStrings__Postgres", "Host=127.0.0.1;Port=1;Username=nobody")]
    [InlineData("ConnectionStrings__Postgres", "nonsense")]
    public async Task A_given_server_that_does_not_answer_is_named(string key, string value)
    {
        var given = new Dictionary<string, string>
        {
            ["ConnectionStrings__RabbitMq"] = await TestBroker.CreateVhostAsync(),
            ["ConnectionStrings__Postgres"] = await TestDatabase.CreateAsync(),
            [key] = value,
        };

        using var runner = Runner.Start(await TestDirectory.CreateAsync("runner"), given);
        var (exitCode, output) = await runner.EndAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains($"The server that {key} names does not answer", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--management-port")]
    [InlineData("--callbacks-port")]
    public async Task A_port_that_is_taken_is_named_before_anything_starts(string option)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        using var runner = Runner.Start(await TestDirectory.CreateAsync("runner"), null, option, $"{port}");
        var (exitCode, output) = await runner.EndAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains($"Port {port}", output, StringComparison.Ordinal);
        Assert.DoesNotContain("ready", output, StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode?> HealthAsync(string service)
    {
        using var http = new HttpClient();
        try
        {
            using var answer = await http.GetAsync(new Uri(service + "/health/ready"));
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static IEnumerable<int> Everything(Endpoints endpoints) =>
    [
        .. endpoints.Processes.RabbitMq, .. endpoints.Processes.Postgres, .. endpoints.Processes.Publisher,
        .. endpoints.Processes.Dispatcher, .. endpoints.Processes.CallbackIngest, .. endpoints.Processes.Management,
    ];
}

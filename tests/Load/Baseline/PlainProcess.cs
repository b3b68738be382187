using System.Diagnostics;
using Npgsql;
using RabbitMQ.Client;
using Webhooks.Load.Running;

namespace Webhooks.Load.Baseline;

/// <summary>The baseline's service as a process of its own beside the running system, on the same broker and database.</summary>
internal sealed class PlainProcess : IAsyncDisposable
{
    private readonly RunningSystem _system;
    private readonly Process _process;

    private PlainProcess(RunningSystem system, Process process) => (_system, _process) = (system, process);

    public int Id => _process.Id;

    public static async Task<PlainProcess> StartAsync(RunningSystem system, string secret, IEnumerable<string> urls, CancellationToken cancellationToken)
    {
        var process = Process.Start(new ProcessStartInfo(
            "dotnet", [typeof(PlainProcess).Assembly.Location, PlainService.Name, system.Amqp.ToString(), system.Postgres, secret, .. urls])
        {
            RedirectStandardOutput = true,
        })!;
        var self = new PlainProcess(system, process);
        if (await process.StandardOutput.ReadLineAsync(cancellationToken) is null)
        {
            throw new InvalidOperationException("The baseline's service did not start; its output above says why.");
        }

        return self;
    }

    /// <summary>Ends the process and takes away what it made in the broker and the database.</summary>
    public async ValueTask DisposeAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();

        await using var connection = await new ConnectionFactory { Uri = _system.Amqp }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeleteAsync(PlainService.Queue);
        await channel.ExchangeDeleteAsync(PlainService.Queue);
        await channel.ExchangeDeleteAsync(PlainService.Exchange);

        await using var database = NpgsqlDataSource.Create(_system.Postgres);
        await using var drop = database.CreateCommand($"DROP SCHEMA {AttemptTable.Schema} CASCADE");
        await drop.ExecuteNonQueryAsync();
    }
}

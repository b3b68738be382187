using System.Diagnostics;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Webhooks.Broker.Connections;
using Webhooks.Local.Processes;

namespace Webhooks.Local.Provisioning;

/// <summary>Whether a server answers: a real connection, for an open port says little.</summary>
internal static class Readiness
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits for a server that we started.</summary>
    /// <exception cref="ProvisioningException">It ended or does not answer in time; carries the end of its log.</exception>
    public static async Task WaitAsync(
        string server, ChildProcess process, Func<CancellationToken, Task> probe, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await probe(cancellationToken);
                return;
            }
            catch (Exception failure) when (MeansNotReady(failure) && !process.HasExited && waited.Elapsed < Limit)
            {
                await Task.Delay(Interval, cancellationToken);
            }
            catch (Exception failure) when (MeansNotReady(failure))
            {
                var how = process.HasExited ? $"ended with exit code {process.ExitCode}" : $"did not answer within {Limit.TotalSeconds:0} s";
                throw new ProvisioningException($"{server} {how}. {LogFile.TailOf(process.LogFile)}", failure);
            }
        }
    }

    /// <summary>Asks a server that was given to us, once: it runs or it does not.</summary>
    /// <param name="key">Where it was given, for the message.</param>
    /// <param name="probe">The question.</param>
    /// <exception cref="ProvisioningException">It does not answer.</exception>
    public static async Task RequireAsync(string key, Func<Task> probe)
    {
        try
        {
            await probe();
        }
        catch (Exception failure) when (MeansNotReady(failure) || failure is ArgumentException or UriFormatException)
        {
            throw new ProvisioningException($"The server that {key} names does not answer: {failure.GetBaseException().Message}", failure);
        }
    }

    public static async Task ProbeRabbitMqAsync(string uri, CancellationToken cancellationToken)
    {
        var nodes = BrokerAddress.TryRead(uri) ?? throw new UriFormatException("It is not an AMQP URI.");
        var factory = new ConnectionFactory { Uri = nodes[0], AutomaticRecoveryEnabled = false };
        await using var connection = await factory.CreateConnectionAsync(
            nodes.Select(node => new AmqpTcpEndpoint(node.Host, node.Port, factory.Ssl)), cancellationToken);
    }

    public static async Task ProbePostgresAsync(string connectionString, CancellationToken cancellationToken)
    {
        // Not from the pool: what is in there belongs to the server that was.
        var alone = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        await using var connection = new NpgsqlConnection(alone.ConnectionString);
        await connection.OpenAsync(cancellationToken);
    }

    private static bool MeansNotReady(Exception failure) => failure is BrokerUnreachableException or NpgsqlException;
}

using System.CommandLine;
using MassTransit;
using Npgsql;

namespace Webhooks.Load.Baseline;

/// <summary>
/// The plain alternative that a team would write in a week: a MassTransit consumer that sends to every subscriber with
/// HttpClient, tries again with Polly, and inserts a row an attempt. No delivery is a row before it is sent, so a crash loses
/// what was being retried, and an event whose retries take long holds its place in the queue. In a process of its own.
/// </summary>
internal static class PlainService
{
    public const string Name = "plain-service";
    public const string Exchange = "load.baseline.events";
    public const string Queue = "load.baseline";

    // What a team that measured would set: the default of 16 halves it.
    private const int AtATime = 100;

    /// <summary>The hidden command that the measuring process starts.</summary>
    public static Command Command()
    {
        var amqp = new Argument<string>("amqp");
        var postgres = new Argument<string>("postgres");
        var secret = new Argument<string>("secret");
        var urls = new Argument<string[]>("urls") { Arity = ArgumentArity.OneOrMore };
        var command = new Command(Name, "Delivers events as a plain service would, says when it is ready, and runs until it is ended.") { amqp, postgres, secret, urls };
        command.Hidden = true;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var database = NpgsqlDataSource.Create(parsed.GetValue(postgres)!);
            var attempts = new AttemptTable(database);
            await attempts.CreateAsync(cancellationToken);
            using var sender = new PlainSender(attempts, parsed.GetValue(secret)!);
            var bus = CreateBus(new Uri(parsed.GetValue(amqp)!), sender, parsed.GetValue(urls)!);
            await bus.StartAsync(cancellationToken);
            Console.WriteLine("ready");
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await bus.StopAsync(CancellationToken.None);
        });
        return command;
    }

    private static IBusControl CreateBus(Uri amqp, PlainSender sender, string[] urls) => Bus.Factory.CreateUsingRabbitMq(rabbit =>
    {
        rabbit.Host(amqp);
        rabbit.Durable = true;
        rabbit.ReceiveEndpoint(Queue, endpoint =>
        {
            endpoint.ConfigureConsumeTopology = false;
            endpoint.SetQuorumQueue();
            endpoint.Bind(Exchange, binding =>
            {
                binding.ExchangeType = "topic";
                binding.RoutingKey = "#";
            });
            endpoint.PrefetchCount = AtATime;
            endpoint.UseRawJsonDeserializer(RawSerializerOptions.All, isDefault: true);
            endpoint.Handler<PlainEvent>(context => Task.WhenAll(urls.Select(url => sender.SendAsync(context.Message, url, context.CancellationToken))));
        });
    });
}

using System.Text;
using RabbitMQ.Client;
using Webhooks.Contracts;
using Webhooks.Subscriptions.Notices;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.Notices;

/// <summary>Notices as other services leave them, and a neighbour's queue that is bound to the notifications.</summary>
internal sealed class Told(World world)
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static readonly DateTimeOffset At = new(2024, 1, 20, 10, 30, 0, 987, TimeSpan.Zero);

    private const string Queue = "neighbour";

    public static async Task<Told> ListenAsync(World world, string routingKey = "#", Dictionary<string, object?>? arguments = null)
    {
        await world.Bus.Channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, arguments);
        await world.Bus.Channel.QueueBindAsync(Queue, BrokerNames.NotificationsExchange, routingKey);
        return new Told(world);
    }

    public static Notice Exhausted(int number, string tenantId = World.Tenant) => new(
        $"dlv_{number}_exhausted", tenantId, NotificationTypes.DeliveryExhausted, At, Encoding.UTF8.GetBytes($$"""{"number":{{number}}}"""));

    public static IEnumerable<string> Ids(int from, int count) => Enumerable.Range(from, count).Select(number => $"dlv_{number}_exhausted");

    /// <summary>In one transaction, as one group of attempts.</summary>
    public async Task LeaveAsync(params IEnumerable<Notice> notices)
    {
        await using var connection = await world.Database.OpenConnectionAsync();
        await NoticeInsert.RunAsync(connection, [.. notices], CancellationToken.None);
    }

    public async Task<BasicGetResult> NextAsync() => await world.Bus.TakeAsync(Queue);

    /// <summary>Waits until every notice is deleted, and takes the ids of all that was published.</summary>
    public async Task<IReadOnlyList<string>> AllAsync()
    {
        await SettledAsync();
        return [.. (await world.Bus.DrainAsync(Queue)).Select(message => message.BasicProperties.MessageId!)];
    }

    public Task SettledAsync() => Eventually.TrueAsync(async () => await CountAsync() == 0, Limit, "every notice to be told");

    public Task<long> CountAsync() => world.Database.ScalarAsync<long>("SELECT count(*) FROM notices");
}

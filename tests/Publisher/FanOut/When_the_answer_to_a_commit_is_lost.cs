using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using RabbitMQ.Client;
using Webhooks.Broker;
using Webhooks.Broker.Publishing;
using Webhooks.Contracts;
using Webhooks.Database;
using Webhooks.Publisher.FanOut;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Storage;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Publisher.Tests.FanOut;

/// <summary>The event is accepted, but its publisher was not told: tried again, it looks like a repeat.</summary>
public sealed class When_the_answer_to_a_commit_is_lost
{
    [Fact]
    public async Task Should_still_announce_the_deliveries()
    {
        var direct = new NpgsqlConnectionStringBuilder(await TestDatabase.CreateAsync());
        await using var cutter = AnswerCutter.Before(direct.Port);
        var vhost = await TestBroker.CreateVhostAsync();
        await using var app = Publisher(vhost, new NpgsqlConnectionStringBuilder(direct.ConnectionString) { Port = cutter.Port });
        await app.StartAsync();
        // Connected means declared: the queues that this test looks into are there.
        await app.Services.GetRequiredService<ConfirmedPublisher>().WhenReadyAsync(CancellationToken.None);
        await app.Services.GetRequiredService<SubscriptionStore>().CreateAsync(
            "tenant_001", SubscriptionState.Active,
            new SubscriptionSettings { Url = "https://receiver.example/", EventTypes = ["*"], Profile = BuiltInProfiles.Matcher },
            "whsec_test_secret_0123456789", CancellationToken.None);

        cutter.CutAt("COMMIT\0"u8);
        await using var connection = await new ConnectionFactory { Uri = new Uri(vhost) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.BasicPublishAsync(
            BrokerNames.EventsExchange, "a.b", mandatory: true, new BasicProperties { Persistent = true },
            Encoding.UTF8.GetBytes("""{"id":"evt_1","type":"a.b","tenant_id":"tenant_001","data":{}}"""));

        await Eventually.TrueAsync(
            async () => await channel.BasicGetAsync(BrokerNames.DeliveriesQueue(0), autoAck: true) is not null,
            TimeSpan.FromSeconds(30),
            "The delivery is announced.");
        Assert.Equal(1, cutter.Cuts);
        await app.StopAsync();
    }

    private static WebApplication Publisher(string vhost, NpgsqlConnectionStringBuilder database)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["urls"] = "http://127.0.0.1:0",
            ["ConnectionStrings:RabbitMq"] = vhost,
            ["ConnectionStrings:Postgres"] = database.ConnectionString,
            ["Webhooks:SecretKeys:test"] = Convert.ToBase64String(new byte[32]),
            ["Webhooks:SecretKeyId"] = "test",
        });
        builder.AddDatabase(onlyKeyLookups: true);
        builder.AddBroker();
        builder.AddSubscriptionStore();
        builder.AddSubscriptionCache();
        builder.AddFanOut();
        return builder.Build();
    }
}

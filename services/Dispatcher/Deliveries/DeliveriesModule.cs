using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Webhooks.Broker;
using Webhooks.Broker.Topology;
using Webhooks.Database.Migrations;
using Webhooks.Dispatcher.Accounting;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Cancellation;
using Webhooks.Dispatcher.DuePolling;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Lanes;
using Webhooks.Dispatcher.Leadership;
using Webhooks.Dispatcher.Owed;
using Webhooks.Dispatcher.Parking;
using Webhooks.Dispatcher.Replays;
using Webhooks.Dispatcher.Retention;
using Webhooks.Dispatcher.Retries;
using Webhooks.Dispatcher.Rollups;
using Webhooks.Dispatcher.Shares;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>Registers the way of a delivery: look, attempt, record, what follows.</summary>
internal static class DeliveriesModule
{
    public static void AddDeliveries(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<InFlight>();
        builder.Services.AddSingleton<DeliveryStore>();
        builder.Services.AddSingleton<DeliveryWork>();
        builder.Services.AddSingleton<MessageSlots>();
        builder.Services.AddSingleton<RetryPace>();
        builder.Services.AddSingleton<RequestRenderer>();
        builder.Services.AddSingleton<HandOver>();
        builder.Services.AddSingleton<DeliveryParking>();
        builder.Services.AddSingleton<ParkedStore>();
        builder.Services.AddSingleton<AttemptRenderer>();
        builder.Services.AddSingleton<AttemptMetrics>();
        builder.Services.AddSingleton<AttemptStore>();
        builder.Services.AddSingleton<GoneRecord>();
        builder.Services.AddSingleton<MinuteStore>();
        builder.Services.AddSingleton<AttemptRunner>();
        builder.Services.AddSingleton<AfterAttempt>();
        builder.Services.AddSingleton<DelayQueues>();
        builder.Services.AddSingleton(services => services.GetRequiredService<BrokerLinks>().LonePublisher("proving"));
        builder.Services.AddSingleton<RetryAnnouncer>();
        builder.Services.AddSingleton(services => services.GetRequiredService<BrokerLinks>().Publisher("announcing", async channel =>
        {
            await services.GetRequiredService<MigratedSchema>().WhenThereAsync();
            var config = await services.GetRequiredService<SubscriptionCache>().LoadedAsync(CancellationToken.None);
            await BrokerTopology.DeclareAsync(channel, config.Shards);
            await services.GetRequiredService<DelayQueues>().DeclareAsync(channel, KnownDelays.Of(config.ById.Values));
        }));

        // Started before and stopped after the dispatching: its last attempts are still to be written.
        builder.Services.AddSingleton<AttemptWriter>();
        builder.Services.AddHostedService(services => services.GetRequiredService<AttemptWriter>());
        // What lanes have in flight ends, with the rest, before the dispatching does; they begin to end when the service is told to stop.
        builder.AddLanes();
        builder.Services.AddHostedService<Dispatch>();
        builder.Services.AddHostedService<ParkingLoop>();

        builder.AddHealth();

        builder.Services.AddSingleton<DueStore>();
        builder.Services.AddSingleton<DuePoller>();
        builder.Services.AddSingleton<CancelStore>();
        builder.Services.AddSingleton<Canceler>();
        builder.Services.AddSingleton<FoldStore>();
        builder.Services.AddSingleton<AccountingFold>();
        builder.Services.AddOptionsWithValidateOnStart<RetentionOptions, RetentionOptionsValidator>().BindConfiguration(RetentionOptions.Section);
        builder.Services.AddSingleton(services => services.GetRequiredService<IOptions<RetentionOptions>>().Value);
        builder.Services.AddSingleton<RollupKeeper>();
        builder.Services.AddSingleton<RetentionClockStore>();
        builder.Services.AddSingleton<PartitionStore>();
        builder.Services.AddSingleton<ExpiryStore>();
        builder.Services.AddSingleton<SweepStore>();
        builder.Services.AddSingleton<DayExpiry>();
        builder.Services.AddSingleton<RetentionKeeper>();
        builder.Services.AddSingleton<ReplayStore>();
        builder.Services.AddSingleton<ReplayBacklog>();
        builder.Services.AddSingleton<Replayer>();
        builder.AddOwed();
        builder.Services.AddSingleton<FleetLeadership>();
        builder.Services.AddDuty<DuePoller>("announcing of what is due", poller => poller.RunAsync);
        builder.Services.AddDuty<OwedFinder>("finding of what the broker owes", finder => finder.RunAsync);
        builder.Services.AddDuty<Canceler>("canceling", canceler => canceler.RunAsync);
        builder.Services.AddDuty<Replayer>("replaying", replayer => replayer.RunAsync);
        builder.Services.AddDuty<AccountingFold>("folding of accounts", fold => fold.RunAsync);
        builder.Services.AddDuty<RollupKeeper>("adding up of hours", keeper => keeper.RunAsync);
        builder.Services.AddDuty<HealthLanes>("opening of lanes for breakers", lanes => lanes.RunAsync);
        builder.Services.AddDuty<LongFailures>("disabling of what fails for days", failures => failures.RunAsync);
        builder.Services.AddDuty<LongHolds>("ending of what was held for too long", holds => holds.RunAsync);
        builder.Services.AddDuty<RetentionKeeper>("taking away of what is old", keeper => keeper.RunAsync);
        builder.Services.AddHostedService<LeaderLoop>();
    }

    private static void AddDuty<T>(this IServiceCollection services, string name, Func<T, Func<CancellationToken, Task>> run)
        where T : class =>
        services.AddSingleton(provider => new LeaderDuty(name, run(provider.GetRequiredService<T>())));
}

using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Webhooks.Api.Access;
using Webhooks.Api.Bodies;
using Webhooks.Api.Deadlines;
using Webhooks.Api.Problems;
using Webhooks.Api.Tokens;
using Webhooks.Broker;
using Webhooks.Broker.Topology;
using Webhooks.Database.Settings;
using Webhooks.Management.Accounting;
using Webhooks.Management.Auditing;
using Webhooks.Management.Callbacks;
using Webhooks.Management.Deliveries;
using Webhooks.Management.DryRuns;
using Webhooks.Management.Egress;
using Webhooks.Management.Events;
using Webhooks.Management.Parking;
using Webhooks.Management.Publishing;
using Webhooks.Management.Replays;
using Webhooks.Management.Stats;
using Webhooks.Management.Subscriptions;
using Webhooks.Management.TestSends;
using Webhooks.Sources.Storage;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Management;

/// <summary>Registers the API's features and the order in which a request passes its checks.</summary>
internal static class ManagementModule
{
    // An event's data may be 64 deep, inside an envelope and a page.
    private const int DeepestAnswer = 128;

    public static void AddManagement(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false);
        services.ConfigureHttpJsonOptions(http =>
        {
            http.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            // For people to read; nothing here is ever put into HTML.
            http.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
            http.SerializerOptions.MaxDepth = DeepestAnswer;
            http.SerializerOptions.Converters.Add(new IsoTime());
        });

        services.AddTokens();

        services.AddSingleton<AuditLog>();
        services.AddSingleton<AuditList>();

        services.AddSingleton<CallbackStore>();
        services.AddSingleton<CallbackLinks>();

        services.AddSingleton<SourceStore>();

        services.AddSingleton<SubscriptionMembers>();
        services.AddSingleton<DelayQueues>();

        services.AddOptionsWithValidateOnStart<EventOptions>().BindConfiguration(EventOptions.Section);
        services.AddSingleton<IValidateOptions<EventOptions>, EventOptionsValidator>();
        services.AddSingleton(provider => provider.GetRequiredService<BrokerLinks>().Publisher("publishing", channel => BrokerTopology.DeclareAsync(channel, shards: 1)));
        services.AddSingleton<BrokerPatience>();
        services.AddSingleton<BrokerHandOver>();
        services.AddSingleton<EventAnnouncer>();
        services.AddSingleton<EventStore>();
        services.AddSingleton<EventList>();
        services.AddHostedService<BrokerKeeper>();

        services.AddSingleton<ParkedStore>();
        services.AddSingleton<ParkedList>();
        services.AddSingleton<Republisher>();

        services.AddSingleton<DeliveryStore>();
        services.AddSingleton<DeliveryList>();

        services.AddSingleton<AccountingStore>();
        services.AddSingleton<StatsStore>();

        services.AddSingleton<RequestRenderer>();
        services.AddOptionsWithValidateOnStart<TestSendOptions>().BindConfiguration(TestSendOptions.Section);
        services.AddSingleton<IValidateOptions<TestSendOptions>, TestSendOptionsValidator>();
        services.AddSingleton<TestSendLimits>();
        services.AddSingleton<TestSendMembers>();
        services.AddSingleton<TestSender>();
        services.AddSingleton<DryRun>();

        services.AddOptionsWithValidateOnStart<EgressOptions>().Configure<IConfiguration>((options, configuration) => options.Read(configuration));
        services.AddSingleton<IValidateOptions<EgressOptions>, EgressOptionsValidator>();

        services.AddSingleton<SingleReplay>();
        services.AddSingleton<ReplayStarter>();
        services.AddSingleton<ReplayCounter>();
        services.AddSingleton<ReplayStore>();
    }

    /// <summary>A problem for whatever goes wrong; a time limit; then who asks, and may they.</summary>
    public static void UseManagement(this WebApplication app)
    {
        app.UseProblemPages(postsHaveKeys: false);
        app.UseRequestDeadline();
        app.UseHeadAsGet();
        app.UseRouting();
        app.UseMiddleware<TokenCheck>();
    }

    /// <summary>Answers HEAD as the path's GET; the server itself sends no body for it.</summary>
    private static void UseHeadAsGet(this WebApplication app) => app.Use((context, next) =>
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Request.Method = HttpMethods.Get;
        }

        return next(context);
    });

    /// <summary>Where the API's routes are mapped.</summary>
    public static IEndpointRouteBuilder MapManagement(this WebApplication app) => app.MapGroup("").AddEndpointFilter(RequestDeadline.LeaveBehindAsync);
}

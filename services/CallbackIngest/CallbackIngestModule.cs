using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Webhooks.Api.Access;
using Webhooks.Api.Deadlines;
using Webhooks.Api.Problems;
using Webhooks.Api.Tokens;
using Webhooks.Broker;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Parking;
using Webhooks.CallbackIngest.Auditing;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.CallbackIngest.Commands;
using Webhooks.CallbackIngest.Expiry;
using Webhooks.CallbackIngest.Keys;
using Webhooks.CallbackIngest.Limits;
using Webhooks.CallbackIngest.Repeats;
using Webhooks.CallbackIngest.Results;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Contracts;

namespace Webhooks.CallbackIngest;

/// <summary>Registers the way of a callback, and the order in which a request passes its checks.</summary>
internal static class CallbackIngestModule
{
    private const ushort Prefetch = 500;

    public static void AddCallbackIngest(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.Configure<KestrelServerOptions>(ServerLimits.Apply);
        services.ConfigureHttpJsonOptions(http => http.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower);

        services.AddTokens();

        services.AddOptionsWithValidateOnStart<CallbackOptions>().BindConfiguration(CallbackOptions.Section);
        services.AddSingleton<IValidateOptions<CallbackOptions>, CallbackOptionsValidator>();
        services.AddSingleton(ExceptionRoute.Route);
        services.AddSingleton<RouteTable>();

        services.AddSingleton(provider => provider.GetRequiredService<BrokerLinks>().Publisher("commanding", provider.GetRequiredService<RouteTable>().DeclareAsync));
        services.AddSingleton<CommandPublisher>();
        services.AddHostedService<QueueKeeper>();
        services.AddSingleton<BodyRooms>();
        services.AddSingleton<CallbackMetrics>();
        services.AddSingleton<KeyStore>();
        services.AddSingleton<CompletionStore>();
        services.AddSingleton<UnsettledKeys>();
        services.AddHostedService(provider => provider.GetRequiredService<UnsettledKeys>());
        services.AddSingleton<KeyKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyKeeper>());
        services.AddSingleton<CallbackIntake>();

        services.AddSingleton(provider => provider.GetRequiredService<BrokerLinks>().Consumer(
            // Callbacks are taken without it, too.
            new ConsumedQueue(BrokerNames.CallbackResultsQueue, Prefetch, IsBeside: true), provider.GetRequiredService<RouteTable>().DeclareAsync));
        services.AddSingleton<ResultStore>();
        services.AddSingleton(provider => new ParkedMetrics(provider.GetRequiredService<IMeterFactory>(), CallbackMetrics.MeterName));
        services.AddSingleton<ResultServices>();
        services.AddHostedService<ResultLoop>();

        services.AddSingleton<RefusalTally>();
        services.AddHostedService<RefusalWriter>();

        services.AddSingleton<RepeatStore>();
        services.AddHostedService<CommandRepeater>();
        services.AddSingleton<ExpiryStore>();
        services.AddHostedService<ExpiryKeeper>();
    }

    /// <summary>A note of whoever is refused; a problem for whatever goes wrong; a time limit; then who asks, and may they.</summary>
    public static void UseCallbackIngest(this WebApplication app)
    {
        app.UseMiddleware<RefusalAudit>();
        app.UseProblemPages(postsHaveKeys: true);
        app.UseRequestDeadline();
        app.UseRouting();
        app.UseMiddleware<TokenCheck>();
    }
}

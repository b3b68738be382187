using System.CommandLine;
using Webhooks.Api.OpenApi;
using Webhooks.Broker;
using Webhooks.Database;
using Webhooks.Management;
using Webhooks.Management.Accounting;
using Webhooks.Management.Auditing;
using Webhooks.Management.Callbacks;
using Webhooks.Management.Catalog;
using Webhooks.Management.Deliveries;
using Webhooks.Management.DryRuns;
using Webhooks.Management.Egress;
using Webhooks.Management.Events;
using Webhooks.Management.OpenApi;
using Webhooks.Management.Parking;
using Webhooks.Management.Replays;
using Webhooks.Management.Secrets;
using Webhooks.Management.Sources;
using Webhooks.Management.Stats;
using Webhooks.Management.Subscriptions;
using Webhooks.Management.TestSends;
using Webhooks.Management.Tokens;
using Webhooks.Sending;
using Webhooks.ServiceDefaults;
using Webhooks.Subscriptions.Storage;

// A misspelled command must not start a second service. Options are configuration.
if (args is ["--help", ..] || (args is [var command, ..] && !command.StartsWith('-') && !command.Contains('=', StringComparison.Ordinal)))
{
    return await new RootCommand("The API of Webhooks. Without a command: runs the service.") { ReencryptCommand.Create() }.Parse(args).InvokeAsync();
}

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase();
builder.AddBroker();
builder.AddSending();
builder.AddSubscriptionStore();
builder.AddManagement();

var app = builder.Build();

app.UseManagement();
app.MapServiceDefaults();

var api = app.MapManagement();
api.MapSubscriptionsApi();
api.MapSecretsApi();
api.MapEventsApi();
api.MapDeliveriesApi();
api.MapAccountingApi();
api.MapStatsApi();
api.MapReplaysApi();
api.MapTokensApi();
api.MapTestSendsApi();
api.MapDryRunApi();
api.MapEventTypesApi();
api.MapEgressApi();
api.MapAuditApi();
api.MapCallbacksApi();
api.MapSourcesApi();
api.MapParkedApi();
api.MapOpenApi(ManagementDescription.Api);

return await app.RunServiceAsync();

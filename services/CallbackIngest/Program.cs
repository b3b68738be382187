using Webhooks.Api.OpenApi;
using Webhooks.Broker;
using Webhooks.CallbackIngest;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.CallbackIngest.Sources;
using Webhooks.Database;
using Webhooks.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase(onlyKeyLookups: true);
builder.AddBroker();
builder.AddCallbackIngest();
builder.AddSources();

var app = builder.Build();

app.UseCallbackIngest();
app.MapServiceDefaults();
app.MapCallbacksApi();
app.MapWebhooksApi();
app.MapOpenApi(CallbackDocs.Api);

return await app.RunServiceAsync();

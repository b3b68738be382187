using Webhooks.Broker;
using Webhooks.Database;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Sending;
using Webhooks.ServiceDefaults;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Storage;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase(onlyKeyLookups: true);
builder.AddBroker();
builder.AddSending();
builder.AddSubscriptionStore();
builder.AddSubscriptionCache();
builder.AddDeliveries();

var app = builder.Build();

app.MapServiceDefaults();

await app.RunAsync();

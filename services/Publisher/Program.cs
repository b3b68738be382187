using Webhooks.Broker;
using Webhooks.Database;
using Webhooks.Publisher.FanOut;
using Webhooks.Publisher.Notices;
using Webhooks.ServiceDefaults;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Storage;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase(onlyKeyLookups: true);
builder.AddBroker();
builder.AddSubscriptionStore();
builder.AddSubscriptionCache();
builder.AddFanOut();
builder.AddNotices();

var app = builder.Build();

app.MapServiceDefaults();

return await app.RunServiceAsync();

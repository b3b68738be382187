using Webhooks.Broker;
using Webhooks.Database;
using Webhooks.Dispatcher.Accounting;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Cancellation;
using Webhooks.Dispatcher.Clocks;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.DuePolling;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Lanes;
using Webhooks.Dispatcher.Leadership;
using Webhooks.Dispatcher.Owed;
using Webhooks.Dispatcher.Parking;
using Webhooks.Dispatcher.Queues;
using Webhooks.Dispatcher.Replays;
using Webhooks.Dispatcher.Retention;
using Webhooks.Dispatcher.Retries;
using Webhooks.Dispatcher.Rollups;
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

// Started in this order and stopped in the other one: what writes attempts outlives those who make them.
builder.AddClocks();
builder.AddAttempts();
builder.AddRetries();
builder.AddHealth();
builder.AddLanes();
builder.AddDeliveries();
builder.AddParking();
builder.AddOwed();

// What the leader of the fleet does for all.
builder.AddDuePolling();
builder.AddCancellation();
builder.AddReplays();
builder.AddAccounting();
builder.AddRollups();
builder.AddRetention();
builder.AddQueues();
builder.AddLeadership();

var app = builder.Build();

app.MapServiceDefaults();

return await app.RunServiceAsync();

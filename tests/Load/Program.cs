using System.CommandLine;
using Webhooks.Load;
using Webhooks.Load.Floor;

var events = new Option<int>("--events") { Description = "How many events to publish.", DefaultValueFactory = _ => 20_000 };
var fanout = new Option<int>("--fanout") { Description = "How many subscriptions each event goes to.", DefaultValueFactory = _ => 1 };
var rate = new Option<double>("--rate") { Description = "Events a second; 0 publishes as fast as the broker confirms.", DefaultValueFactory = _ => 0 };
var warmup = new Option<int>("--warmup") { Description = "Events before the measurement, for the just-in-time compiler and the pools.", DefaultValueFactory = _ => 3_000 };
var profile = new Option<string>("--profile") { Description = "The wire profile of the subscriptions.", DefaultValueFactory = _ => "matcher" };
var endpoints = new Option<FileInfo?>("--endpoints") { Description = "The endpoints.json of a running system; without it one is started and ended." };

var root = new RootCommand("Measures the real system on this machine and prints one JSON line; progress goes to standard error.")
{
    events, fanout, rate, warmup, profile, endpoints,
};
root.SetAction((parsed, cancellationToken) => LoadRun.RunAsync(
    new LoadOptions
    {
        Events = parsed.GetValue(events),
        Fanout = parsed.GetValue(fanout),
        Rate = parsed.GetValue(rate),
        Warmup = parsed.GetValue(warmup),
        Profile = parsed.GetValue(profile)!,
        Endpoints = parsed.GetValue(endpoints),
    },
    cancellationToken));

// The floor runs in a process of its own, as the dispatcher does.
root.Subcommands.Add(FloorLoop.Command());

return await root.Parse(args).InvokeAsync();

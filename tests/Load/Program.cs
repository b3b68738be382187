using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Webhooks.Load;
using Webhooks.Load.Callbacks;
using Webhooks.Load.Floor;

var events = Count("--events", 20_000, "How many events to publish.");
var fanout = Count("--fanout", 1, "How many subscriptions each event goes to.");
var rate = new Option<double>("--rate")
{
    Description = "Events a second; 0, the default, publishes as fast as the broker confirms.",
    CustomParser = given => double.TryParse(given.Tokens[0].Value, CultureInfo.InvariantCulture, out var rate) && rate is >= 0 and < 1e6
        ? rate
        : Refuse<double>(given, "--rate takes a number from 0."),
};
var warmup = Count("--warmup", 20_000, "Deliveries before the measurement, until the just-in-time compiler has done most of its work.");
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

var callbacks = Count("--callbacks", 20_000, "How many callbacks to send, each with a key of its own.");
var callers = Count("--callers", 64, "How many are on their way at a time, when there is no rate.");
var callbackLoad = new Command("callbacks", "Measures callbacks: from the call to the answer, which comes when the broker has the command.") { callbacks, callers, rate, warmup, endpoints };
callbackLoad.SetAction((parsed, cancellationToken) => CallbackLoad.RunAsync(
    new CallbackLoadOptions
    {
        Callbacks = parsed.GetValue(callbacks),
        Callers = parsed.GetValue(callers),
        Rate = parsed.GetValue(rate),
        Warmup = parsed.GetValue(warmup),
        Endpoints = parsed.GetValue(endpoints),
    },
    cancellationToken));
root.Subcommands.Add(callbackLoad);
root.Subcommands.Add(BareEndpoint.Command());

return await root.Parse(args).InvokeAsync();

static Option<int> Count(string name, int usual, string description) => new(name)
{
    Description = description,
    DefaultValueFactory = _ => usual,
    CustomParser = given => int.TryParse(given.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
        ? count
        : Refuse<int>(given, $"{name} takes a whole number from 1."),
};

static T Refuse<T>(ArgumentResult given, string why)
    where T : struct
{
    given.AddError(why);
    return default;
}

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Webhooks.Load;
using Webhooks.Load.Backlogs;
using Webhooks.Load.Baseline;
using Webhooks.Load.Callbacks;
using Webhooks.Load.Floor;
using Webhooks.Load.Growth;
using Webhooks.Load.Latencies;
using Webhooks.Load.Matching;
using Webhooks.Load.Neighbours;

var events = Count("--events", 60_000, "How many events to publish.");
var fanout = Count("--fanout", 1, "How many subscriptions each event goes to.");
var rate = Rate("--rate", 0, "Events a second; 0 publishes as fast as the broker confirms.");
var warmup = Count("--warmup", 60_000, "Deliveries before the measurement, until the just-in-time compiler has done most of its work.");
var profile = new Option<string>("--profile") { Description = "The wire profile of the subscriptions.", DefaultValueFactory = _ => "matcher" };
var endpoints = new Option<FileInfo?>("--endpoints") { Description = "The endpoints.json of a running system; without it one is started and ended." };

var root = new RootCommand("Measures the real system on this machine and prints one JSON line; progress goes to standard error.")
{
    events, fanout, rate, warmup, profile, endpoints,
};
root.SetAction((parsed, cancellationToken) => LoadRun.RunAsync(Options(parsed), cancellationToken));

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

var rounds = Count("--rounds", 2, "How often each of the two is measured, in turn.");
Add("baseline", "Measures the platform and the plain alternative (MassTransit, HttpClient, Polly, a row an attempt) in turn.", [events, fanout, warmup, rounds],
    (parsed, cancellationToken) => BaselineRun.RunAsync(Options(parsed), parsed.GetValue(rounds), cancellationToken));
var pace = Rate("--rate", 300, "Events a second where latency is measured.");
Add("neighbours", "Measures what 18 subscriptions lose when one more never answers and one takes four seconds.", [events, pace, warmup],
    (parsed, cancellationToken) => NeighbourRun.RunAsync(Options(parsed) with { Rate = parsed.GetValue(pace) }, cancellationToken));
var many = Count("--subscriptions", 100_000, "How many there are in the end; 100 of them want each event.");
var fewEvents = Count("--events", 1_000, "How many events to publish, each to 100 subscriptions.");
Add("matching", "Measures what an event costs among 100 subscriptions, and among many more that do not want it: copies of one made by the API, written into the database in bulk. Filters are not among what is measured: each is asked.", [fewEvents, many, warmup],
    (parsed, cancellationToken) => MatchingRun.RunAsync(Options(parsed) with { Events = parsed.GetValue(fewEvents), Fanout = 100 }, parsed.GetValue(many), cancellationToken));
var usualEvents = Count("--events", 5_000, "How many events to publish for the usual rate, each to 10 subscriptions.");
var backlog = Count("--deliveries", 200_000, "How many deliveries wait when the dispatchers go on.");
Add("backlog", "Measures how fast a backlog of deliveries drains, against the usual rate. It piles up by publishing while the dispatchers are stopped (SIGSTOP).", [usualEvents, backlog, warmup],
    (parsed, cancellationToken) => BacklogRun.RunAsync(Options(parsed) with { Events = parsed.GetValue(usualEvents), Fanout = 10 }, parsed.GetValue(backlog), cancellationToken));
var retries = Count("--retries", 100_000, "How many retries are due at once.");
Add("retries", "Measures how fresh deliveries fare while a backlog of retries is due. The retries are rows, written into the database in bulk, whose time has come; the system announces and sends them itself.", [retries, pace, warmup],
    (parsed, cancellationToken) => RetryBacklogRun.RunAsync(Options(parsed) with { Rate = parsed.GetValue(pace) }, parsed.GetValue(retries), cancellationToken));
var waiting = Count("--deliveries", 1_000_000, "How many deliveries wait, of ten paused subscriptions.");
Add("paused", "Measures how fresh deliveries fare while a great many wait for paused subscriptions, and how fast those leave when they go on.", [waiting, pace, warmup],
    (parsed, cancellationToken) => PausedRun.RunAsync(Options(parsed) with { Fanout = 10, Rate = parsed.GetValue(pace) }, parsed.GetValue(waiting), cancellationToken));
var attempts = Count("--attempts", 5_000_000, "How many attempts are made up.");
Add("growth", "Measures what a delivery costs in fresh tables, and among millions of attempts, with their deliveries and events, written into the database in bulk: half of them today, the others over nine days before. They take about 6 GB, and stay.", [events, attempts, warmup],
    (parsed, cancellationToken) => GrowthRun.RunAsync(Options(parsed), parsed.GetValue(attempts), cancellationToken));
Add("latency", "Measures the most that this machine does, then the latency at 70 % of it, then at 300 events a second.", [events, warmup],
    (parsed, cancellationToken) => LatencyRun.RunAsync(Options(parsed), cancellationToken));
root.Subcommands.Add(PlainService.Command());

return await root.Parse(args).InvokeAsync();

void Add(string name, string description, Option[] own, Func<ParseResult, CancellationToken, Task<int>> run)
{
    var command = new Command(name, description) { profile, endpoints };
    foreach (var option in own)
    {
        command.Options.Add(option);
    }

    command.SetAction(run);
    root.Subcommands.Add(command);
}

LoadOptions Options(ParseResult parsed) => new()
{
    Events = parsed.GetValue(events),
    Fanout = parsed.GetValue(fanout),
    Rate = parsed.GetValue(rate),
    Warmup = parsed.GetValue(warmup),
    Profile = parsed.GetValue(profile)!,
    Endpoints = parsed.GetValue(endpoints),
};

static Option<double> Rate(string name, double usual, string description) => new(name)
{
    Description = description,
    DefaultValueFactory = _ => usual,
    CustomParser = given => double.TryParse(given.Tokens[0].Value, CultureInfo.InvariantCulture, out var rate) && rate is >= 0 and < 1e6
        ? rate
        : Refuse<double>(given, $"{name} takes a number from 0."),
};

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

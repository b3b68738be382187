using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using Webhooks.Faults;
using Webhooks.Faults.Reporting;

var minutes = Number("--minutes", 3, "How long faults go on; recovery comes on top.", least: 0.1, most: 1440);
var seed = Count("--seed", 7, "Plans the faults: the same seed, the same plan.");
var rate = Count("--rate", 20, "Events a second; each makes six deliveries on average.");
var dispatchers = Count("--dispatchers", 3, "How many dispatchers.");
var publishers = Count("--publishers", 2, "How many publishers.");
var settling = Number("--settling", 4, "The most minutes from the last fault until nothing may be pending.", least: 0.1, most: 60);
var json = new Option<bool>("--json") { Description = "Print one line of JSON instead of the table." };

var root = new RootCommand("Runs the real system on servers of its own, kills, freezes and cuts off its parts, and judges whether anything was lost.")
{
    minutes, seed, rate, dispatchers, publishers, settling, json,
};
root.SetAction(async (parsed, _) =>
{
    var options = new FaultOptions
    {
        Length = TimeSpan.FromMinutes(parsed.GetValue(minutes)),
        Seed = parsed.GetValue(seed),
        Rate = parsed.GetValue(rate),
        Dispatchers = parsed.GetValue(dispatchers),
        Publishers = parsed.GetValue(publishers),
        Settling = TimeSpan.FromMinutes(parsed.GetValue(settling)),
    };
    var report = await new FaultRun(options, text => Console.Error.WriteLine($"{TimeProvider.System.GetLocalNow():HH:mm:ss} {text}")).RunAsync();
    Console.Write(parsed.GetValue(json) ? JsonSerializer.Serialize(report, Report.Json) + "\n" : ReportTable.Of(report));
    return report.Holds ? 0 : 1;
});

return await root.Parse(args).InvokeAsync();

static Option<int> Count(string name, int usual, string description) => new(name)
{
    Description = description,
    DefaultValueFactory = _ => usual,
    CustomParser = given => int.TryParse(given.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
        ? count
        : Refuse<int>(given, $"{name} takes a whole number from 1."),
};

static Option<double> Number(string name, double usual, string description, double least, double most) => new(name)
{
    Description = description,
    DefaultValueFactory = _ => usual,
    CustomParser = given => double.TryParse(given.Tokens[0].Value, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
        ? number
        : Refuse<double>(given, $"{name} takes a number from {least.ToString(CultureInfo.InvariantCulture)} to {most}."),
};

static T Refuse<T>(ArgumentResult given, string why)
    where T : struct
{
    given.AddError(why);
    return default;
}

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Webhooks.Local.Running;

namespace Webhooks.Local.Commands;

/// <summary>The command line: what can be asked of the runner.</summary>
internal static class RunCommand
{
    private const int MostInstances = 16;

    public static RootCommand Create()
    {
        var once = new Option<bool>("--once") { Description = "Stop after the demo; the exit code says whether it went well." };
        var noDemo = new Option<bool>("--no-demo") { Description = "Start everything and play nothing." };
        var noBuild = new Option<bool>("--no-build") { Description = "Run the services as they were built last." };
        var dispatchers = Instances("--dispatchers", "dispatchers");
        var publishers = Instances("--publishers", "publishers (one consumes, the others stand by)");
        var managementPort = Port("--management-port", "Port of the management API; a free one when not given.");
        var callbacksPort = Port("--callbacks-port", "Port of the callback API; a free one when not given.");
        var state = new Option<DirectoryInfo>("--state")
        {
            Description = "Directory of data, logs, endpoints.json, and rabbitmqctl and psql for the private servers. One running system a directory.",
            DefaultValueFactory = _ => new DirectoryInfo(Repository.DefaultState),
            HelpName = "DIR",
        };

        var command = new RootCommand("Runs Webhooks on this machine: RabbitMQ, PostgreSQL, the services and a demo, until Ctrl-C.")
        {
            once, noDemo, noBuild, dispatchers, publishers, managementPort, callbacksPort, state,
        };
        command.SetAction(parsed => LocalRun.RunAsync(
            new LocalSystemOptions
            {
                StateDirectory = parsed.GetRequiredValue(state).FullName,
                Dispatchers = parsed.GetValue(dispatchers),
                Publishers = parsed.GetValue(publishers),
                ManagementPort = parsed.GetValue(managementPort),
                CallbacksPort = parsed.GetValue(callbacksPort),
                Build = !parsed.GetValue(noBuild),
            },
            playDemo: !parsed.GetValue(noDemo),
            stopAfterwards: parsed.GetValue(once)));
        return command;
    }

    private static Option<int> Instances(string name, string what) => new(name)
    {
        Description = $"How many {what}.",
        DefaultValueFactory = _ => 1,
        HelpName = "N",
        CustomParser = given => WholeNumber(given, name, MostInstances) ?? 0,
    };

    private static Option<int?> Port(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "PORT",
        CustomParser = given => WholeNumber(given, name, 65535),
    };

    private static int? WholeNumber(ArgumentResult given, string name, int most)
    {
        if (int.TryParse(given.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most)
        {
            return number;
        }

        given.AddError($"{name} takes 1 to {most}.");
        return null;
    }
}

using System.Diagnostics;
using Webhooks.Local.Provisioning.Packages;

namespace Webhooks.Local.Provisioning.RabbitMq;

/// <summary>Where RabbitMQ's and Erlang's programs are on this machine.</summary>
/// <param name="Server">The start script itself; Debian's /usr/sbin wrapper insists on its own user.</param>
/// <param name="Control">rabbitmqctl, which takes over a second a call.</param>
/// <param name="ErlangCall">erl_call, which asks the same node in milliseconds; not every Erlang package has it.</param>
internal sealed record RabbitMqInstallation(string Server, string Control, string? ErlangCall)
{
    private static readonly string[] Places = ["/usr/lib/rabbitmq/bin", "/opt/rabbitmq/sbin", "/opt/homebrew/opt/rabbitmq/sbin", "/usr/local/opt/rabbitmq/sbin"];

    private const string DebiansErlangCall = "/usr/lib/erlang/bin/erl_call";

    public static RabbitMqInstallation? Find()
    {
        var place = Places.FirstOrDefault(place => File.Exists(Path.Combine(place, "rabbitmq-server")))
            ?? Path.GetDirectoryName(Programs.InPath("rabbitmq-server"));
        return place is null || Programs.InPath("erl") is null
            ? null
            : new RabbitMqInstallation(Path.Combine(place, "rabbitmq-server"), Path.Combine(place, "rabbitmqctl"), FindErlangCall());
    }

    public async Task<string> EvaluateAsync(
        string erlang, IReadOnlyDictionary<string, string?> environment, CancellationToken cancellationToken)
    {
        // A name of its own for each call: of two that ask at once under the same name the node refuses one.
        var start = ErlangCall is not null
            ? new ProcessStartInfo(ErlangCall, ["-name", environment["RABBITMQ_NODENAME"]!, "-h", $"c{Guid.NewGuid():N}", "-e"])
            : new ProcessStartInfo(Control, ["--quiet", "eval", erlang]);
        var input = ErlangCall is not null ? erlang + "\n" : "";

        var (exitCode, output) = await Programs.RunAsync(start, input, environment, cancellationToken);
        // erl_call ends with 0 whatever the answer is; its answer is "{ok, value}" or "{error, reason}".
        if (exitCode != 0 || (ErlangCall is not null && !output.StartsWith("{ok, ", StringComparison.Ordinal)))
        {
            throw new InvalidOperationException($"RabbitMQ could not evaluate {erlang}: {output.Trim()}");
        }

        return ErlangCall is not null ? output.Trim()["{ok, ".Length..^1] : output.Trim();
    }

    private static string? FindErlangCall() =>
        Programs.InPath("erl_call") ?? (File.Exists(DebiansErlangCall) ? DebiansErlangCall : null);
}

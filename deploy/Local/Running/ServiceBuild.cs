using System.Diagnostics;
using Webhooks.Local.Provisioning;
using Webhooks.Local.Provisioning.Packages;

namespace Webhooks.Local.Running;

/// <summary>Builds the services as we were built ourselves.</summary>
internal static class ServiceBuild
{
    private const int ErrorsShown = 10;

    public static async Task RunAsync(Action<string> report, CancellationToken cancellationToken)
    {
        report($"building ({Repository.Configuration})");
        // In one go: three builds side by side would write the same output of what they share.
        var start = new ProcessStartInfo(
            Dotnet.Host,
            [
                "build", Path.Combine(Repository.Root, "deploy", "Local", "services.slnf"), "-c", Repository.Configuration,
                "-v", "quiet", "-nologo", "-nodeReuse:false",
            ])
        {
            WorkingDirectory = Repository.Root,
        };

        // What an enclosing "dotnet run" or "dotnet test" tells its own build must not steer this one.
        var environment = Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(name => name, _ => (string?)null, StringComparer.Ordinal);
        var (exitCode, output) = await Programs.RunAsync(start, "", environment, cancellationToken);
        if (exitCode != 0)
        {
            var errors = output.Split('\n').Where(line => line.Contains("error", StringComparison.OrdinalIgnoreCase)).Distinct().Take(ErrorsShown);
            throw new ProvisioningException($"The services do not build:{Environment.NewLine}{string.Join(Environment.NewLine, errors)}");
        }
    }
}

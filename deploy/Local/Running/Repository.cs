using System.Reflection;

namespace Webhooks.Local.Running;

/// <summary>Where things are in this checkout.</summary>
internal static class Repository
{
    /// <summary>The directory of Webhooks.sln, above this program.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    /// <summary>Where the runner keeps data, logs and endpoints.json unless told otherwise.</summary>
    public static string DefaultState => Path.Combine(Root, ".local");

    /// <summary>Ours; the services are built and run in the same one.</summary>
    internal static string Configuration =>
        typeof(Repository).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()?.Configuration ?? "Debug";

    internal static string ServiceAssembly(string service) => Path.Combine(
        Root, "services", service, "bin", Configuration, $"net{Environment.Version.ToString(2)}", $"Webhooks.{service}.dll");

    private static string Find(string start)
    {
        for (var directory = new DirectoryInfo(start); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Webhooks.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException($"{start} is not inside a checkout of this repository: no Webhooks.sln above it.");
    }
}

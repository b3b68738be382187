using System.Runtime.InteropServices;

namespace Webhooks.Local.Running;

/// <summary>The dotnet program that belongs to the runtime we run on; PATH may name another one, or none.</summary>
internal static class Dotnet
{
    public static string Host { get; } =
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet")) is var host && File.Exists(host)
            ? host
            : "dotnet";
}

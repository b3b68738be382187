using System.Diagnostics;

namespace Webhooks.Local.Provisioning.Packages;

/// <summary>Finds and runs short-lived programs.</summary>
internal static class Programs
{
    public static string? InPath(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(':', StringSplitOptions.RemoveEmptyEntries)
        // Debian keeps some of what we need where only root's PATH looks.
        .Concat(["/usr/sbin", "/sbin", "/usr/bin"])
        .Select(directory => Path.Combine(directory, name))
        .FirstOrDefault(IsThere);

    // A removed package can leave a link behind that leads nowhere.
    private static bool IsThere(string path) =>
        File.Exists(path) && (File.ResolveLinkTarget(path, returnFinalTarget: true)?.Exists ?? true);

    public static Task<(int ExitCode, string Output)> RunAsync(string program, string[] arguments, CancellationToken cancellationToken) =>
        RunAsync(new ProcessStartInfo(program, arguments), "", new Dictionary<string, string?>(), cancellationToken);

    /// <summary>Runs a program to its end; standard output and error come back together.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        ProcessStartInfo start, string input, IReadOnlyDictionary<string, string?> environment, CancellationToken cancellationToken)
    {
        start.UseShellExecute = false;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start.");
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
            process.StandardInput.Close();
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, output + await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}

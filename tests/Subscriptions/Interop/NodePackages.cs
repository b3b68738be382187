using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Webhooks.Subscriptions.Tests.Interop;

/// <summary>The packages that receivers install from npm to verify Standard Webhooks, and a Node.js that runs them.</summary>
internal static class NodePackages
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static readonly string[] Files = ["package.json", "package-lock.json", "verify.js"];

    private static readonly string[] Unreachable = ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ENETUNREACH", "ETIMEDOUT"];

    private static readonly string Source = Path.Combine(AppContext.BaseDirectory, "Interop", "Packages");

    private static readonly Lazy<Task<string>> Installed = new(InstallAsync);

    public static bool HasRuntime() => IsInstalled("node") && IsInstalled("npm");

    /// <summary>The package's own answer: <c>valid</c> or <c>invalid</c>.</summary>
    public static async Task<string> VerifyAsync(string package, string payload, IReadOnlyDictionary<string, string> headers, string secret) =>
        (await RunAsync("node", ["verify.js", package], await Installed.Value, JsonSerializer.Serialize(new { payload, headers, secret }))).Trim();

    /// <summary>A directory beside the test's own files, by what the lock file says: a later run finds it there.</summary>
    private static async Task<string> InstallAsync()
    {
        var content = Files.SelectMany(file => File.ReadAllBytes(Path.Combine(Source, file))).ToArray();
        var directory = Path.Combine(AppContext.BaseDirectory, $"npm-{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}");
        if (Directory.Exists(directory))
        {
            return directory;
        }

        // Under another name until it is whole: what an interrupted run left behind is not taken for it.
        var unfinished = Directory.CreateDirectory($"{directory}-{Environment.ProcessId}").FullName;
        foreach (var file in Files)
        {
            File.Copy(Path.Combine(Source, file), Path.Combine(unfinished, file), overwrite: true);
        }

        try
        {
            await RunAsync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], unfinished, input: "");
            Directory.Move(unfinished, directory);
        }
        catch (IOException) when (Directory.Exists(directory))
        {
            // Another run was faster.
        }
        catch (InvalidOperationException fault) when (Array.Exists(Unreachable, code => fault.Message.Contains(code, StringComparison.Ordinal)))
        {
            Assert.Skip($"The npm registry cannot be reached, and the packages are not there yet. {fault.Message}");
        }

        return directory;
    }

    private static async Task<string> RunAsync(string program, string[] arguments, string directory, string input)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        })!;
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            var answer = process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0 ? await answer : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {await error}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static bool IsInstalled(string program)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, "--version") { RedirectStandardOutput = true })!;
            return process.WaitForExit(Limit) && process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}

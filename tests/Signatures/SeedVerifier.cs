using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Webhooks.Signatures.Tests;

/// <summary>Runs the verification functions as the seed documents print them, with Node.js or Python.</summary>
internal static class SeedVerifier
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Is the interpreter installed on this machine?</summary>
    public static bool HasRuntime(string runtime)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(runtime, "--version") { RedirectStandardOutput = true })!;
            return process.WaitForExit(Limit) && process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    /// <summary>The function's own answer: <c>valid</c> or <c>invalid</c>.</summary>
    /// <param name="runtime"><c>node</c> or <c>python3</c>.</param>
    /// <param name="scheme"><c>matcher</c> or <c>matchaudit</c>.</param>
    public static async Task<string> VerifyAsync(
        string runtime, string scheme, string payload, IReadOnlyDictionary<string, string> headers, string secret)
    {
        var script = runtime is "node" ? "verify.js" : "verify.py";
        using var process = Process.Start(new ProcessStartInfo(runtime, [Path.Combine(AppContext.BaseDirectory, "SeedVerifiers", script), scheme])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),

            // Python would leave its byte code beside the scripts.
            Environment = { ["PYTHONDONTWRITEBYTECODE"] = "1" },
        })!;
        using var limit = new CancellationTokenSource(Limit);

        await process.StandardInput.WriteAsync(JsonSerializer.Serialize(new { payload, headers, secret }));
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        var answer = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode == 0 ? answer.Trim() : throw new InvalidOperationException(await error);
    }
}

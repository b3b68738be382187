using System.Buffers;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Subscriptions.Tests;

/// <summary>Asks the two writers whose spelling receivers expect: what they make of a document is what we must make of it.</summary>
public sealed class MinifiedJsonOracleTests
{
    private const int Documents = 400;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    // A line in, a line out, in base64 because the documents contain line ends.
    private const string JavaScript = """
        const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n');
        const spell = line => JSON.stringify(JSON.parse(Buffer.from(line, 'base64').toString('utf8')));
        process.stdout.write(lines.map(line => Buffer.from(spell(line), 'utf8').toString('base64')).join('\n'));
        """;

    // Python writes half surrogates raw, which no UTF-8 can hold; those alone are escaped here.
    private const string Python = """
        import base64, json, re, sys
        def spell(line):
            text = json.dumps(json.loads(base64.b64decode(line)), ensure_ascii=False, separators=(",", ":"))
            return re.sub("[\ud800-\udfff]", lambda half: "\\u%04x" % ord(half[0]), text)
        print("\n".join(base64.b64encode(spell(line).encode()).decode() for line in sys.stdin.read().split()), end="")
        """;

    [Fact]
    public Task Documents_are_spelled_as_Node_spells_them() => CompareWithAsync("node", "-e", JavaScript);

    [Fact]
    public Task Documents_are_spelled_as_Python_spells_them() => CompareWithAsync("python3", "-c", Python);

    private static async Task CompareWithAsync(string runtime, string option, string script)
    {
        Assert.SkipUnless(IsInstalled(runtime), $"{runtime} is not installed.");
        var documents = SpelledJson.Portable.Sample(Documents, size: 30).Select(json => json.Source).ToArray();

        var answers = await AskAsync(runtime, [option, script], string.Join('\n', documents.Select(ToBase64)));

        Assert.Equal(documents.Length, answers.Length);
        for (var index = 0; index < documents.Length; index++)
        {
            Assert.Equal(Encoding.UTF8.GetString(Convert.FromBase64String(answers[index])), Minify(documents[index]));
        }
    }

    private static async Task<string[]> AskAsync(string runtime, string[] arguments, string input)
    {
        using var process = Process.Start(new ProcessStartInfo(runtime, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var limit = new CancellationTokenSource(Limit);

        var error = process.StandardError.ReadToEndAsync(limit.Token);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode == 0 ? (await output).Split('\n') : throw new InvalidOperationException(await error);
    }

    private static bool IsInstalled(string runtime)
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

    private static string ToBase64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Minify(string source)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(source));
        reader.Read();
        var output = new ArrayBufferWriter<byte>();
        MinifiedJson.Copy(ref reader, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}

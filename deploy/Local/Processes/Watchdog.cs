using System.Diagnostics;

namespace Webhooks.Local.Processes;

/// <summary>
/// A shell that waits for the end of its input, which only our own end (kill -9 included) brings about, and then ends
/// every process that carries our mark. So a crash leaves nothing behind, without waiting for the next run to tidy up.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    // PostgreSQL's backends hide their environment, but they follow their postmaster by themselves.
    private const string Script = """
        exec >/dev/null 2>&1
        ours() { grep -lzxF -e "$1" /proc/[0-9]*/environ | cut -d/ -f3; }
        read -r _
        tries=0
        while found=$(ours "$1") && [ -n "$found" ]; do
            [ $tries -lt 50 ] && kill -TERM $found || kill -KILL $found
            tries=$((tries + 1))
            sleep 0.2
        done
        """;

    private readonly Process _process;

    private Watchdog(Process process) => _process = process;

    public static Watchdog Start(string mark)
    {
        // A session of its own: the Ctrl-C that stops us must not stop the watchdog first.
        string[] line = ["/bin/sh", "-c", Script, "webhooks-watchdog", mark];
        if (File.Exists("/usr/bin/setsid"))
        {
            line = ["/usr/bin/setsid", .. line];
        }

        var start = new ProcessStartInfo(line[0], line[1..]) { UseShellExecute = false, RedirectStandardInput = true };
        return new Watchdog(Process.Start(start) ?? throw new InvalidOperationException("No shell could be started."));
    }

    public void Dispose()
    {
        _process.StandardInput.Dispose();
        _process.Dispose();
    }
}

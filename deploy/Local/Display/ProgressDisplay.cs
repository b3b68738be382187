using System.Collections.Concurrent;
using Spectre.Console;
using Webhooks.Local.Running;

namespace Webhooks.Local.Display;

/// <summary>
/// Tells what is going on: a line for each step with the seconds since the start; in a terminal with a moving last line
/// that names what is still being waited for, elsewhere (a log, CI) with a line every ten seconds instead.
/// </summary>
internal sealed class ProgressDisplay(TimeProvider clock)
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly long _started = clock.GetTimestamp();
    private readonly ConcurrentDictionary<string, string> _working = new(StringComparer.Ordinal);
    private readonly IAnsiConsole _console = CreateConsole();
    private readonly Lock _printing = new();
    private bool _movingLine;

    private bool InTerminal => !Console.IsOutputRedirected && _console.Profile.Capabilities.Interactive;

    public void Title(string state)
    {
        _console.MarkupLine("[bold]Webhooks[/] on this machine");
        _console.MarkupLineInterpolated($"[grey]data, logs and endpoints.json in {state}[/]");
        _console.WriteLine();
    }

    /// <summary>Runs something that takes a while, with its progress on the screen.</summary>
    public async Task<T> ShowAsync<T>(Func<Task<T>> work)
    {
        if (!InTerminal)
        {
            await using var heartbeat = clock.CreateTimer(_ => TellWhatIsAwaited(), null, Heartbeat, Heartbeat);
            return await work();
        }

        return await _console.Status().Spinner(Spinner.Known.Dots).StartAsync("starting", async status =>
        {
            await using var tick = clock.CreateTimer(_ => status.Status(Markup.Escape($"{Elapsed} {Awaited}")), null, Tick, Tick);
            _movingLine = true;
            try
            {
                return await work();
            }
            finally
            {
                _movingLine = false;
            }
        });
    }

    public void Report(StepProgress progress)
    {
        lock (_printing)
        {
            if (progress.State == StepState.Working)
            {
                _working[progress.Step] = progress.Detail;
            }
            else
            {
                _working.TryRemove(progress.Step, out _);
            }

            // In a terminal the moving line says what is being done; what is done stays.
            if (!_movingLine || progress.State != StepState.Working)
            {
                Line(progress.Step, progress.Detail, progress.State switch
                {
                    StepState.Done => "green",
                    StepState.Warning => "yellow",
                    _ => "grey",
                });
            }
        }
    }

    public void Heading(string text)
    {
        _console.WriteLine();
        _console.MarkupLineInterpolated($"[bold]{text}[/]");
    }

    /// <summary>A step of the demo that went well.</summary>
    public void Done(string text) => _console.MarkupLine($"[grey]{Elapsed,9}[/] [green]{Markup.Escape(text)}[/]");

    /// <summary>What belongs to the step above it.</summary>
    public void Detail(string text) => _console.MarkupLine($"{"",9}   {Markup.Escape(text)}");

    public void Ready(LocalSystem system)
    {
        var endpoints = system.Endpoints;
        Heading("Ready");
        Value("management API", endpoints.Management);
        Value("callback API", endpoints.Callbacks);
        Value("admin token", endpoints.AdminToken);
        Value("AMQP", endpoints.Amqp);
        Value("all of it", system.EndpointsFile);
        Value("logs", system.LogDirectory);
        foreach (var script in system.ClientScripts)
        {
            Value(Path.GetFileName(script), script);
        }

        Value("try", $"curl -H 'Authorization: Bearer {endpoints.AdminToken}' {endpoints.Management}/v1/deliveries");
        _console.WriteLine();
        _console.MarkupLine("[bold]Ctrl-C[/] stops everything.");
    }

    public void Stopping() => Line("all", "stopping: services first, then the servers", "grey");

    public void Stopped() => Line("all", "stopped", "grey");

    public void Failure(string message)
    {
        _console.WriteLine();
        _console.MarkupLineInterpolated($"[red]{message}[/]");
    }

    private static IAnsiConsole CreateConsole()
    {
        if (!Console.IsOutputRedirected)
        {
            return AnsiConsole.Console;
        }

        // A file or a pipe: no colours, and no wrapping at eighty columns that nobody has, for a wrapped line cannot be searched for.
        var plain = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No });
        plain.Profile.Width = int.MaxValue;
        return plain;
    }

    // Past the console's own wrapping, which would break what is there to be copied.
    private void Value(string name, string value)
    {
        _console.Markup($"  [grey]{name,-15}[/] ");
        _console.Profile.Out.Writer.WriteLine(value);
    }

    private void TellWhatIsAwaited()
    {
        lock (_printing)
        {
            if (!_working.IsEmpty)
            {
                Line("waiting", Awaited, "grey");
            }
        }
    }

    private string Elapsed => $"{clock.GetElapsedTime(_started).TotalSeconds,5:0.0} s ";

    private string Awaited => string.Join(" · ", _working.OrderBy(step => step.Key).Select(step => $"{step.Key}: {step.Value}"));

    private void Line(string step, string detail, string color) =>
        _console.MarkupLine($"[grey]{Elapsed,9}[/] [bold]{Markup.Escape(step),-11}[/] [{color}]{Markup.Escape(detail)}[/]");
}

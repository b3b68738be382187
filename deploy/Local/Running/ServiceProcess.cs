using System.Diagnostics;
using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;

namespace Webhooks.Local.Running;

/// <summary>One instance of one of our services, as the process that it is.</summary>
internal sealed class ServiceProcess(string name, string service, string url, ChildCommand command) : ISupervised
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(2);

    // Longer than the longest send: a dispatcher finishes what is on the wire.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(40);

    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };

    private ChildProcess? _process;

    public event Action? Started;

    /// <summary>"dispatcher", "dispatcher-2".</summary>
    public string Name => name;

    /// <summary>"Dispatcher".</summary>
    public string Service => service;

    /// <summary>Kept over restarts.</summary>
    public string Url => url;

    public int ProcessId => Process.Id;

    public Task Exited => Process.Exited;

    private ChildProcess Process => _process ?? throw new InvalidOperationException($"{name} has not been started.");

    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await StopAsync();
        cancellationToken.ThrowIfCancellationRequested();
        _process = ChildProcess.Start(command);
        Started?.Invoke();
    }

    /// <summary>Waits for <c>/health/ready</c>.</summary>
    /// <exception cref="ProvisioningException">It ended or is not ready in time; carries the end of its log.</exception>
    public async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        var last = "no answer";
        while (!Process.HasExited && waited.Elapsed < ReadyLimit)
        {
            try
            {
                using var answer = await Http.GetAsync(new Uri(url + "/health/ready"), cancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }

                last = $"HTTP {(int)answer.StatusCode}";
            }
            catch (HttpRequestException failure)
            {
                last = failure.Message;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                last = "no answer in time";
            }

            await Task.Delay(50, cancellationToken);
        }

        var how = Process.HasExited ? $"ended with exit code {Process.ExitCode}" : $"is not ready after {ReadyLimit.TotalSeconds:0} s ({last})";
        throw new ProvisioningException($"{name} {how}. {LogFile.TailOf(command.LogFile)}");
    }

    public async Task StopAsync()
    {
        if (_process is { } running)
        {
            await running.StopAsync(ProcessSignal.Terminate, StopPatience);
        }
    }
}

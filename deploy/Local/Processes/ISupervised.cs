namespace Webhooks.Local.Processes;

/// <summary>A child that is started again when it dies: RabbitMQ, PostgreSQL, a service.</summary>
internal interface ISupervised
{
    public string Name { get; }

    public int ProcessId { get; }

    /// <summary>Completes when the present process has ended.</summary>
    public Task Exited { get; }

    /// <summary>Raised when there is a new process, which may not be ready yet.</summary>
    public event Action? Started;

    public Task RestartAsync(CancellationToken cancellationToken = default);
}

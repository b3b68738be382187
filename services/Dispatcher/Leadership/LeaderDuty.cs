namespace Webhooks.Dispatcher.Leadership;

/// <summary>One of the things that the leader does besides dispatching.</summary>
/// <param name="Name">As the log names it.</param>
/// <param name="RunAsync">Goes on until the leadership ends. It may be started again after any fault.</param>
internal sealed record LeaderDuty(string Name, Func<CancellationToken, Task> RunAsync);

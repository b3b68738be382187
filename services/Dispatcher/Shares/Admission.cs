namespace Webhooks.Dispatcher.Shares;

/// <summary>When, and in how large groups, a loop may begin work on deliveries.</summary>
/// <param name="AtOnce">How many together, at most, as things are.</param>
/// <param name="AdmitAsync">Completes when so many may begin.</param>
internal sealed record Admission(Func<int> AtOnce, Func<int, CancellationToken, Task> AdmitAsync)
{
    /// <summary>As many as one statement looks at.</summary>
    public const int MostAtOnce = 200;
}

namespace Webhooks.Management.Tests;

/// <summary>The wall's time, set forward. Timers run as always.</summary>
public sealed class ShiftedTime : TimeProvider
{
    public TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
}

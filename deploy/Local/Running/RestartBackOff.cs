namespace Webhooks.Local.Running;

/// <summary>How long to wait before a dead child is started again. Pure.</summary>
internal static class RestartBackOff
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);

    /// <summary>Deaths in a row: a child that has lived for a while starts again from one.</summary>
    public static int DeathsInARow(int before, TimeSpan lived) => lived >= Settled ? 1 : before + 1;

    /// <summary>At once after the first, then half a second, doubling: one crash costs nothing, a crash loop no CPU.</summary>
    public static TimeSpan DelayAfter(int deathsInARow) => deathsInARow <= 1
        ? TimeSpan.Zero
        : TimeSpan.FromSeconds(Math.Min(Longest.TotalSeconds, 0.5 * Math.Pow(2, Math.Min(deathsInARow - 2, 10))));
}

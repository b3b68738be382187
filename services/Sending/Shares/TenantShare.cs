namespace Webhooks.Sending.Shares;

/// <summary>
/// Decides how many slots all subscriptions of a tenant may have together: seven eighths of what other tenants leave. Pure. What is
/// on the wire cannot be taken back, so a tenant that is alone, and has thousands of receivers that hang, must leave something to
/// whoever comes; and whoever comes, however many, something to the next one.
/// </summary>
internal static class TenantShare
{
    private const int Eighths = 7;

    /// <param name="free">Slots that nobody has; below zero, if there are fewer now than were taken.</param>
    /// <param name="taken">By subscriptions of the tenant.</param>
    /// <returns>How many more it may have; one that has none may have the very last.</returns>
    public static int RoomOf(int free, int taken)
    {
        var most = Math.Max(1, Eighths * (free + taken) / 8);
        return Math.Clamp(most - taken, 0, Math.Max(0, free));
    }
}

using Webhooks.Sending.Shares;

namespace Webhooks.Dispatcher.Shares;

/// <summary>
/// Decides whether a subscription may have one more send of its messages on the wire. Pure. While less than half of the slots is
/// taken, anybody may have any number. From then on one may have its share of that half: many that hang at the same time hold
/// little more than half together. From three quarters on it is one each, because those that begin to hang one after the other
/// had each its share of what looked like few: the last quarter is always there for whoever is quick. So that it is there whosoever
/// they are, all subscriptions of a tenant together have their <see cref="TenantShare"/>.
/// </summary>
internal static class FairShare
{
    /// <param name="slots">All there are.</param>
    /// <param name="taken">Of these, by anybody.</param>
    /// <param name="own">Of these, by the subscription.</param>
    /// <param name="others">How many other subscriptions have some.</param>
    /// <param name="ofTenant">Of these, by all subscriptions of its tenant.</param>
    public static bool IsUsedUp(int slots, int taken, int own, int others, int ofTenant)
    {
        var half = slots / 2;
        return TenantShare.RoomOf(slots - taken, ofTenant) == 0
            || (taken >= half && own >= (taken >= half + (half / 2) ? 1 : Math.Max(1, half / (others + 1))));
    }
}

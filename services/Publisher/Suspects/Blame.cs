using Webhooks.Database.Faults;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Publisher.Suspects;

/// <summary>
/// Tells which faults may be put down to the events that were being accepted, and set them aside. A configuration that we cannot read, and a
/// schema that takes nothing, are no event's: the service ends and says what it lacks, and the events wait for one that has it.
/// </summary>
internal static class Blame
{
    public static bool MayBeOfEvents(Exception fault) =>
        fault is not UnreadableConfigException && !DatabaseFault.IsOurs(fault) && !DatabaseFault.IsOfTheSchema(fault);
}

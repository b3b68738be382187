using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries.Reading;
using Webhooks.Dispatcher.Hands;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>Starts the work on deliveries of a group, whose rows are looked at all together.</summary>
internal sealed class DeliveryGroups(DeliveryWork work, DeliveryReads reads, DatabaseGate database)
{
    /// <summary>Returns when the work on each has begun, or is left to whoever its message comes to again. Waits as long as the database is away.</summary>
    public async Task StartAsync(IEnumerable<DeliveryInHand> group, CancellationToken abandon)
    {
        // Begun before the look: a row that was read while other work on it ran would be out of date when that has ended,
        // and the attempt would be made a second time.
        var begun = group.Where(work.TryBegin).ToList();
        if (begun.Count == 0)
        {
            return;
        }

        Looked looked;
        try
        {
            looked = await database.RunAsync(token => reads.LookAsync([.. begun.Select(delivery => delivery.Message)], token), abandon);
        }
        catch
        {
            begun.ForEach(work.GiveUp);
            throw;
        }

        foreach (var delivery in begun)
        {
            // The look may have waited for long.
            if (delivery.IsLost)
            {
                delivery.LeaveToOthers();
                work.GiveUp(delivery);
                continue;
            }

            work.Start(delivery, looked.Rows.GetValueOrDefault(delivery.Id), looked.Config, abandon);
        }
    }
}

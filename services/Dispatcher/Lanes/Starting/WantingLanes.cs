namespace Webhooks.Dispatcher.Lanes.Starting;

/// <summary>
/// The lanes that wait for a slot, the tenants in turn: thousands of one tenant do not stand before a few of another, and a tenant that
/// may have nothing is passed over at once, however many it has.
/// </summary>
internal sealed class WantingLanes
{
    private readonly Dictionary<string, LinkedListNode<OfTenant>> _tenants = new(StringComparer.Ordinal);
    private readonly LinkedList<OfTenant> _turns = new();

    private sealed record OfTenant(string TenantId, LinkedList<(Guid Lane, Action Wake)> Lanes);

    /// <summary>Answers its place, behind all others of its tenant.</summary>
    public LinkedListNode<(Guid Lane, Action Wake)> Add(Guid lane, string tenantId, Action wake)
    {
        if (!_tenants.TryGetValue(tenantId, out var turn))
        {
            _tenants.Add(tenantId, turn = _turns.AddLast(new OfTenant(tenantId, new())));
        }

        return turn.Value.Lanes.AddLast((lane, wake));
    }

    public void Remove(string tenantId, LinkedListNode<(Guid Lane, Action Wake)> place)
    {
        var turn = _tenants[tenantId];
        turn.Value.Lanes.Remove(place);
        if (turn.Value.Lanes.Count == 0)
        {
            _turns.Remove(turn);
            _tenants.Remove(tenantId);
        }
    }

    /// <summary>The first that could take a slot now, of the first tenant that has one, whose next turn is behind all others.</summary>
    public (Guid Lane, Action Wake)? Next(Func<string, bool> mayTenant, Func<Guid, bool> mayLane)
    {
        for (var turn = _turns.First; turn is not null; turn = turn.Next)
        {
            for (var place = mayTenant(turn.Value.TenantId) ? turn.Value.Lanes.First : null; place is not null; place = place.Next)
            {
                if (mayLane(place.Value.Lane))
                {
                    _turns.Remove(turn);
                    _turns.AddLast(turn);
                    return place.Value;
                }
            }
        }

        return null;
    }
}

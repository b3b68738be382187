using System.Diagnostics.CodeAnalysis;

namespace Webhooks.Sending.Shares;

/// <summary>
/// Those that wait for the same thing, the tenants in turn: thousands of one tenant do not stand before a few of another, and a tenant that
/// may have nothing is passed over at once, however many it has. Its user's lock guards it.
/// </summary>
internal sealed class TenantRotation<T>
{
    private readonly Dictionary<string, LinkedListNode<OfTenant>> _tenants = new(StringComparer.Ordinal);
    private readonly LinkedList<OfTenant> _turns = new();

    private sealed record OfTenant(string TenantId, LinkedList<T> Waiting);

    /// <summary>Answers its place, behind all others of its tenant.</summary>
    public LinkedListNode<T> Add(string tenantId, T waiting)
    {
        if (!_tenants.TryGetValue(tenantId, out var turn))
        {
            _tenants.Add(tenantId, turn = _turns.AddLast(new OfTenant(tenantId, new())));
        }

        return turn.Value.Waiting.AddLast(waiting);
    }

    public void Remove(string tenantId, LinkedListNode<T> place)
    {
        var turn = _tenants[tenantId];
        turn.Value.Waiting.Remove(place);
        if (turn.Value.Waiting.Count == 0)
        {
            _turns.Remove(turn);
            _tenants.Remove(tenantId);
        }
    }

    /// <summary>Takes out the first that may go, of the first tenant that has one, whose next turn is behind all others.</summary>
    public bool TryTakeNext(Func<string, bool> mayTenant, Func<T, bool> may, [MaybeNullWhen(false)] out T next)
    {
        for (var turn = _turns.First; turn is not null; turn = turn.Next)
        {
            for (var place = mayTenant(turn.Value.TenantId) ? turn.Value.Waiting.First : null; place is not null; place = place.Next)
            {
                if (may(place.Value))
                {
                    _turns.Remove(turn);
                    _turns.AddLast(turn);
                    Remove(turn.Value.TenantId, place);
                    next = place.Value;
                    return true;
                }
            }
        }

        next = default;
        return false;
    }
}

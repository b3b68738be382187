using System.Runtime.InteropServices;
using Webhooks.Sending.Shares;

namespace Webhooks.Dispatcher.Lanes.Starting;

/// <summary>
/// Shares out what all lanes of a dispatcher may have in flight: none gets more than its part of the whole while others want
/// some, and the last quarter goes to lanes that have none, one each. So a few whose receivers hang, and who took theirs when
/// they were alone, keep nobody waiting; nor do thousands of one tenant, for all lanes of a tenant together have their
/// <see cref="TenantShare"/>. Apart from what messages may have in flight, which lanes can never take away.
/// </summary>
internal sealed class LaneSlots
{
    private readonly int _total;
    private readonly int _reserve;
    private readonly Lock _lock = new();

    // Those that have some or want some.
    private readonly Dictionary<Guid, Share> _shares = [];
    private readonly Dictionary<string, int> _ofTenants = new(StringComparer.Ordinal);
    private readonly TenantRotation<(Guid Lane, Action Wake)> _wanting = new();
    private int _free;

    /// <param name="total">For all lanes together.</param>
    public LaneSlots(int total) => (_total, _reserve, _free) = (total, total / 4, total);

    private sealed class Share(string tenantId)
    {
        public string TenantId => tenantId;

        public int Taken { get; set; }

        /// <summary>It was told that there may be some, and has not asked since.</summary>
        public bool IsWoken { get; set; }

        public LinkedListNode<(Guid Lane, Action Wake)>? Wanting { get; set; }
    }

    /// <param name="lane">Whose lane.</param>
    /// <param name="tenantId">Whose subscription that is.</param>
    /// <param name="wanted">How many it has use for.</param>
    /// <param name="wake">Called once when there may be some again, if it gets none now.</param>
    /// <returns>How many it gets, up to <paramref name="wanted"/>; each is to be given back.</returns>
    public int Take(Guid lane, string tenantId, int wanted, Action wake)
    {
        if (wanted <= 0)
        {
            return 0;
        }

        lock (_lock)
        {
            if (!_shares.TryGetValue(lane, out var share))
            {
                _shares[lane] = share = new Share(tenantId);
            }

            share.IsWoken = false;
            var given = Math.Clamp(wanted, 0, RoomOf(share));
            if (given > 0)
            {
                Count(share, given);
                WantNone(share);
            }
            else
            {
                share.Wanting ??= _wanting.Add(tenantId, (lane, wake));
            }

            return given;
        }
    }

    public void GiveBack(Guid lane, int count)
    {
        if (count == 0)
        {
            return;
        }

        Action? wake = null;
        lock (_lock)
        {
            var share = _shares[lane];
            Count(share, -count);
            Forget(lane, share);
            for (; count > 0 && NextWanting() is { } next; count--)
            {
                wake += next;
            }
        }

        wake?.Invoke();
    }

    /// <summary>A lane's turn is over: what it was woken for, and has not asked for, another one may want.</summary>
    public void PassOn(Guid lane)
    {
        Action? wake = null;
        lock (_lock)
        {
            if (_shares.TryGetValue(lane, out var share) && share.IsWoken)
            {
                share.IsWoken = false;
                Forget(lane, share);
                wake = NextWanting();
            }
        }

        wake?.Invoke();
    }

    /// <summary>It is not served any more, and wants none. What it has is still given back.</summary>
    public void Leave(Guid lane)
    {
        PassOn(lane);
        lock (_lock)
        {
            if (_shares.TryGetValue(lane, out var share))
            {
                WantNone(share);
                Forget(lane, share);
            }
        }
    }

    private int RoomOf(Share share)
    {
        var part = Math.Max(1, _total / _shares.Count) - share.Taken;
        var open = Math.Max(_free - _reserve, share.Taken == 0 ? 1 : 0);
        return Math.Clamp(Math.Min(part, open), 0, RoomOfTenant(share.TenantId));
    }

    private int RoomOfTenant(string tenantId) => TenantShare.RoomOf(_free, _ofTenants.GetValueOrDefault(tenantId));

    private void Count(Share share, int taken)
    {
        _free -= taken;
        share.Taken += taken;
        if ((CollectionsMarshal.GetValueRefOrAddDefault(_ofTenants, share.TenantId, out _) += taken) == 0)
        {
            _ofTenants.Remove(share.TenantId);
        }
    }

    // The first that could take some now: it would be in vain, and a turn lost for another, to wake one that has its part.
    private Action? NextWanting()
    {
        if (_free <= 0 || !_wanting.TryTakeNext(tenant => RoomOfTenant(tenant) > 0, wanting => RoomOf(_shares[wanting.Lane]) > 0, out var next))
        {
            return null;
        }

        var share = _shares[next.Lane];
        (share.Wanting, share.IsWoken) = (null, true);
        return next.Wake;
    }

    private void WantNone(Share share)
    {
        if (share.Wanting is { } wanting)
        {
            _wanting.Remove(share.TenantId, wanting);
            share.Wanting = null;
        }
    }

    private void Forget(Guid lane, Share share)
    {
        if (share is { Taken: 0, Wanting: null, IsWoken: false })
        {
            _shares.Remove(lane);
        }
    }
}

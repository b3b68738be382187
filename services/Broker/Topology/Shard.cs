using System.Globalization;
using System.Text;
using Webhooks.Contracts;

namespace Webhooks.Broker.Topology;

/// <summary>Which delivery queue a subscription's messages take.</summary>
public static class Shard
{
    private const uint OffsetBasis = 2166136261;
    private const uint Prime = 16777619;

    private static readonly string[] RoutingKeys = [.. Enumerable.Range(0, 256).Select(shard => shard.ToString(CultureInfo.InvariantCulture))];

    /// <summary>FNV-1a 32 of the subscription id's UTF-8, as people see it (<c>sub_…</c>), modulo the shard count.</summary>
    public static int Of(string subscriptionId, int shards)
    {
        Span<byte> utf8 = stackalloc byte[Encoding.UTF8.GetMaxByteCount(subscriptionId.Length)];
        var hash = OffsetBasis;
        foreach (var octet in utf8[..Encoding.UTF8.GetBytes(subscriptionId, utf8)])
        {
            hash = (hash ^ octet) * Prime;
        }

        return (int)(hash % (uint)shards);
    }

    /// <summary>The routing key of a subscription's messages.</summary>
    public static string RoutingKeyOf(Guid subscriptionId, int shards) =>
        RoutingKey(shards == 1 ? 0 : Of(PrefixedId.Format(PrefixedId.Subscription, subscriptionId), shards));

    /// <summary>A shard's routing key: its number.</summary>
    public static string RoutingKey(int shard) =>
        shard < RoutingKeys.Length ? RoutingKeys[shard] : shard.ToString(CultureInfo.InvariantCulture);
}

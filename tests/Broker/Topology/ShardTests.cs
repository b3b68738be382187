using Webhooks.Broker.Topology;

namespace Webhooks.Broker.Tests.Topology;

public sealed class ShardTests
{
    [Theory] // FNV-1a 32: offset basis for nothing, published values for "a" and "foobar".
    [InlineData("", 0x811c9dc5)]
    [InlineData("a", 0xe40c292c)]
    [InlineData("foobar", 0xbf9cf968)]
    public void A_shard_is_the_published_hash_modulo_the_count(string id, uint hash) =>
        Assert.Equal((int)(hash % 7), Shard.Of(id, 7));

    [Fact]
    public void With_one_shard_everything_goes_to_the_first() =>
        Assert.Equal("0", Shard.RoutingKeyOf(Guid.CreateVersion7(), 1));

    [Fact]
    public void Subscriptions_spread_over_all_shards() =>
        Assert.Equal(8, Enumerable.Range(0, 500).Select(_ => Shard.RoutingKeyOf(Guid.NewGuid(), 8)).Distinct().Count());
}

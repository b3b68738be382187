using System.Text;
using Webhooks.Broker.Deliveries;

namespace Webhooks.Broker.Tests.Deliveries;

public sealed class AnnouncementTests
{
    private const string Delivery = """{"delivery_id":"00000000-0000-0000-0000-000000000000","created_at":1,"number":1}""";
    private static readonly DateTimeOffset CreatedAt = DateTimeOffset.UnixEpoch.AddTicks(17_321_472_001_234_560);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(Announcement.MostTogether)]
    [InlineData(Announcement.MostRead)]
    public void What_is_written_is_read_back_in_order(int count)
    {
        var deliveries = Deliveries(count);

        Assert.Equal(deliveries, Announcement.Read(Announcement.Write(deliveries), out _));
    }

    // What an earlier version writes, and reads.
    [Fact]
    public void One_alone_is_the_object_that_it_ever_was()
    {
        var delivery = new DeliveryMessage(Guid.Parse("0193a2b0-0000-7000-8000-000000000000"), CreatedAt, 1, CreatedAt, Traceparent: null);

        Assert.Equal(
            """{"delivery_id":"0193a2b0-0000-7000-8000-000000000000","created_at":1732147200123456,"number":1,"enqueued_at":1732147200123456}""",
            Encoding.UTF8.GetString(Announcement.Write([delivery])));
    }

    // An earlier version passes over members that it does not know, and so over the others: they are then found to be owed.
    [Fact]
    public void The_first_of_many_stands_where_an_earlier_version_looks_for_the_only_one()
    {
        var deliveries = Deliveries(3);
        var alone = Encoding.UTF8.GetString(deliveries[0].ToBytes());

        Assert.StartsWith($"{alone[..^1]},\"more\":[", Encoding.UTF8.GetString(Announcement.Write(deliveries)), StringComparison.Ordinal);
    }

    [Fact]
    public void Those_of_a_shard_go_in_order_and_in_few_messages()
    {
        var deliveries = Deliveries(100);

        var messages = Announcement.Of("exchange", deliveries.Select((delivery, place) => ($"{place % 2}", delivery))).ToList();

        Assert.Equal(["0", "0", "0", "0", "1", "1", "1", "1"], messages.Select(message => message.RoutingKey));
        Assert.Equal(
            deliveries.Where((_, place) => place % 2 == 0).Concat(deliveries.Where((_, place) => place % 2 == 1)),
            messages.SelectMany(message => Announcement.Read(message.Body.Span, out _)!));
        Assert.All(messages, message => Assert.InRange(Announcement.Read(message.Body.Span, out _)!.Count, 1, Announcement.MostTogether));
    }

    [Theory]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[7]")]
    [InlineData("[{}]")]
    [InlineData("[[]]")]
    [InlineData($"[{Delivery},null]")]
    [InlineData($"[{Delivery},{{\"delivery_id\":7}}]")]
    [InlineData($"[{Delivery}")]
    [InlineData($"[{Delivery}]]")]
    public void Garbage_beside_a_delivery_makes_all_of_it_unreadable(string more)
    {
        Assert.Null(Announcement.Read(Encoding.UTF8.GetBytes($"{Delivery[..^1]},\"more\":{more}}}"), out var fault));
        Assert.Contains("not a delivery message", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Announcement.MostRead + 1)]
    [InlineData(10_000)]
    public void More_than_anybody_writes_is_not_read(int count)
    {
        Assert.Null(Announcement.Read(Announcement.Write(Deliveries(count)), out var fault));
        Assert.Contains($"more than {Announcement.MostRead} deliveries", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void None_beside_it_is_one_alone()
    {
        var read = Announcement.Read(Encoding.UTF8.GetBytes($$"""{{Delivery[..^1]}},"more":[]}"""), out _);

        Assert.Equal(Guid.Empty, Assert.Single(read!).DeliveryId);
    }

    [Fact]
    public void Others_within_others_are_a_newer_versions_member()
    {
        var read = Announcement.Read(Encoding.UTF8.GetBytes($$"""{{Delivery[..^1]}},"more":[{{Delivery[..^1]}},"more":[7]}]}"""), out _);

        Assert.Equal(2, read!.Count);
    }

    private static List<DeliveryMessage> Deliveries(int count) =>
        [.. Enumerable.Range(1, count).Select(number => new DeliveryMessage(Guid.CreateVersion7(), CreatedAt.AddMicroseconds(number), number, CreatedAt.AddSeconds(1), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") { Redelivered = number % 2 == 0 })];
}

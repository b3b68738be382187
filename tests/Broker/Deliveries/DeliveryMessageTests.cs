using System.Text;
using Webhooks.Broker.Deliveries;

namespace Webhooks.Broker.Tests.Deliveries;

public sealed class DeliveryMessageTests
{
    private static readonly DateTimeOffset CreatedAt = DateTimeOffset.UnixEpoch.AddTicks(17_321_472_001_234_560);

    [Fact]
    public void What_is_written_is_read_back_to_the_microsecond()
    {
        var message = new DeliveryMessage(Guid.CreateVersion7(), CreatedAt, 3, CreatedAt.AddSeconds(1), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

        Assert.Equal(message, DeliveryMessage.Read(message.ToBytes()));
    }

    [Fact]
    public void Members_of_a_newer_version_are_passed_over()
    {
        var body = $$"""{"lane":{"id":[1]},"delivery_id":"{{Guid.Empty}}","created_at":1,"number":2,"later":null}""";

        Assert.Equal(2, DeliveryMessage.Read(Encoding.UTF8.GetBytes(body))?.Number);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"delivery_id\":7,\"created_at\":1,\"number\":1}")]
    [InlineData("{\"delivery_id\":\"00000000-0000-0000-0000-000000000000\",\"created_at\":9223372036854775807,\"number\":1}")]
    [InlineData("{\"delivery_id\":\"00000000-0000-0000-0000-000000000000\",\"created_at\":1,\"number\":0}")]
    [InlineData("{\"delivery_id\":\"00000000-0000-0000-0000-000000000000\",\"created_at\":1")]
    public void Anything_else_is_not_a_delivery_message(string body) =>
        Assert.Null(DeliveryMessage.Read(Encoding.UTF8.GetBytes(body)));
}

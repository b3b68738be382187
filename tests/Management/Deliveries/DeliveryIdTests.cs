using Webhooks.Management.Deliveries;

namespace Webhooks.Management.Tests.Deliveries;

public sealed class DeliveryIdTests
{
    [Fact]
    public void An_id_names_the_millisecond_of_its_acceptance()
    {
        var accepted = new DateTimeOffset(2026, 11, 21, 4, 0, 0, 123, 456, TimeSpan.Zero);

        Assert.True(DeliveryId.TryReadMoment(Guid.CreateVersion7(accepted), out var from, out var to));

        Assert.Equal(accepted.AddMicroseconds(-456), from);
        Assert.Equal(from.AddMilliseconds(1), to);
    }

    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("01a1fc6f-7f6f-4472-8db2-061d67cc7ccc")]
    [InlineData("ffffffff-ffff-7fff-8fff-ffffffffffff")]
    public void What_no_delivery_has_is_refused(string id) => Assert.False(DeliveryId.TryReadMoment(Guid.Parse(id), out _, out _));
}

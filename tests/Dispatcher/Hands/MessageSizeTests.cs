using Webhooks.Broker.Deliveries;
using Webhooks.Dispatcher.Hands;

namespace Webhooks.Dispatcher.Tests.Hands;

public sealed class MessageSizeTests
{
    private readonly MessageSize _size = new();

    [Fact]
    public void Until_one_has_come_they_are_taken_for_full() => Assert.Equal(Announcement.MostTogether, _size.Average);

    [Fact]
    public void It_follows_what_comes()
    {
        See(1, times: 50);
        Assert.InRange(_size.Average, 1, 1.1);

        See(16, times: 10);
        Assert.InRange(_size.Average, 10, 12);

        See(16, times: 50);
        Assert.InRange(_size.Average, 15.9, 16);
    }

    private void See(int deliveries, int times)
    {
        for (var time = 0; time < times; time++)
        {
            _size.Saw(deliveries);
        }
    }
}

using System.Text;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Subscriptions.Tests;

public sealed class EventWriterTests
{
    [Theory]
    [InlineData("""{"id":"evt_1","type":"a.b","version":"1.0","tenant_id":"t","data":{}}""")]
    [InlineData("""{"id":"e","type":"a","timestamp":"2024-01-20T10:30Z","version":"2","tenant_id":"t","context_id":"é\"\\\n","data":{"a":1E3},"metadata":{"b":-0}}""")]
    public void What_was_read_is_written_as_it_was(string json)
    {
        var accepted = Assert.IsType<EventReading.Accepted>(EventReader.Read(Encoding.UTF8.GetBytes(json))).Event;

        Assert.Equal(json, Encoding.UTF8.GetString(EventWriter.Write(accepted).Span));
    }

    [Fact]
    public void A_supplied_tenant_is_written_into_the_event()
    {
        var accepted = Assert.IsType<EventReading.Accepted>(
            EventReader.Read("""{"id":"e","type":"a","data":{}}"""u8, tenantId: "mine")).Event;

        Assert.Equal(
            """{"id":"e","type":"a","version":"1.0","tenant_id":"mine","data":{}}""",
            Encoding.UTF8.GetString(EventWriter.Write(accepted).Span));
    }
}

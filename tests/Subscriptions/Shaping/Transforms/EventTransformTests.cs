using System.Text;
using System.Text.Json;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Json;
using Webhooks.Subscriptions.Shaping.Transforms;

namespace Webhooks.Subscriptions.Tests.Shaping.Transforms;

public sealed class EventTransformTests
{
    private static readonly AcceptedEvent Event = Assert.IsType<EventReading.Accepted>(EventReader.Read(Encoding.UTF8.GetBytes("""
        {
          "id": "evt_001", "type": "exception.created", "tenant_id": "tenant_001", "timestamp": "2024-01-20T10:30:00Z",
          "data": { "severity": "HIGH", "amount": 1000.0, "card": { "number": "4111", "holder": "Zoë" }, "lines": [ { "a": 1, "b": 2 }, { "a": 3 } ], "none": null },
          "metadata": { "correlation_id": "req_1", "source": "engine" }
        }
        """))).Event;

    [Theory]
    [InlineData("""{"text":"{/data/severity}"}""", """{"text":"HIGH"}""")]
    [InlineData("""{"amount":"{/data/amount}","who":"{/data/card}"}""", """{"amount":1000.0,"who":{"number":"4111","holder":"Zoë"}}""")]
    [InlineData("""{"text":"{/data/severity}: {/data/amount} for {/data/card/holder} ({/data/none})"}""", """{"text":"HIGH: 1000.0 for Zoë (null)"}""")]
    [InlineData("""{"text":"all of {/data/card}"}""", """{"text":"all of {\"number\":\"4111\",\"holder\":\"Zoë\"}"}""")]
    [InlineData("""["{/id}",1E3,true,null,{"x":{}}]""", """["evt_001",1E3,true,null,{"x":{}}]""")]
    [InlineData("""{"plain":"{ } {x} {{/data} }"}""", """{"plain":"{ } {x} {/data} }"}""")]
    [InlineData("\"{/data/lines/1/a}\"", "3")]
    public void A_template_is_filled(string template, string expected)
    {
        using var document = EventDocument.Of(Event);

        Assert.Equal(expected, Text(TemplateRenderer.Render(Parse(template), document.RootElement)));
    }

    [Theory]
    [InlineData("\"{/data/missing}\"")]
    [InlineData("\"so {/data/missing} much\"")]
    public void A_placeholder_for_what_is_not_there_fails_and_says_which(string template)
    {
        using var document = EventDocument.Of(Event);

        var fault = Assert.Throws<TransformException>(() => TemplateRenderer.Render(Parse(template), document.RootElement));

        Assert.Contains("/data/missing", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_small_template_cannot_make_a_huge_body()
    {
        var large = Event with { Data = Encoding.UTF8.GetBytes($"\"{new string('x', 200_000)}\"") };
        using var document = EventDocument.Of(large);
        var (many, text) = ($"[{string.Join(",", Enumerable.Repeat("\"{/data}\"", 100))}]", $"\"{string.Concat(Enumerable.Repeat("{/data} ", 100))}\"");

        Assert.Throws<TransformException>(() => TemplateRenderer.Render(Parse(many), document.RootElement));
        Assert.Throws<TransformException>(() => TemplateRenderer.Render(Parse(text), document.RootElement));
    }

    [Theory]
    [InlineData("/data/severity", """{"severity":"HIGH"}""", null)]
    [InlineData("/data/card/number /metadata/source", """{"card":{"number":"4111"}}""", """{"source":"engine"}""")]
    [InlineData("/data/card /data/card/number", """{"card":{"number":"4111","holder":"Zoë"}}""", null)]
    [InlineData("/data/lines/1 /data/lines/0/b", """{"lines":[{"b":2},{"a":3}]}""", null)]
    [InlineData("/data/missing /data/severity/deeper", "{}", null)]
    [InlineData("/metadata", "{}", """{"correlation_id":"req_1","source":"engine"}""")]
    public void Only_what_is_included_is_kept(string places, string data, string? metadata)
    {
        var projected = Projection.Including(new EventTransform.Include(Pointers(places)), Event);

        Assert.Equal((data, metadata), (Text(projected.Data), projected.Metadata is { } kept ? Text(kept) : null));
    }

    [Theory]
    [InlineData("/data/card /data/lines /data/none", """{"severity":"HIGH","amount":1000.0}""", """{"correlation_id":"req_1","source":"engine"}""")]
    [InlineData("/data/card/number /data/lines/0 /data/none /data/amount /metadata", """{"severity":"HIGH","card":{"holder":"Zoë"},"lines":[{"a":3}]}""", null)]
    [InlineData("/data", "{}", """{"correlation_id":"req_1","source":"engine"}""")]
    [InlineData("/data/missing /data/severity/deeper /metadata/correlation_id", null, """{"source":"engine"}""")]
    public void What_is_excluded_is_left_out(string places, string? data, string? metadata)
    {
        var projected = Projection.Excluding(new EventTransform.Exclude(Pointers(places)), Event);

        Assert.Equal((data ?? Text(Event.Data), metadata), (Text(projected.Data), projected.Metadata is { } kept ? Text(kept) : null));
    }

    private static JsonPointer[] Pointers(string places) =>
        [.. places.Split(' ').Select(place => JsonPointer.TryParse(place, out var pointer) ? pointer : throw new FormatException(place))];

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}

using System.Text;
using System.Text.Json;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Rendering;
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
    public void A_template_is_filled(string template, string expected) =>
        Assert.Equal(expected, Render($$"""{"template":{{template}}}"""));

    [Theory]
    [InlineData("{/data/missing}")]
    [InlineData("so {/data/missing} much")]
    public void A_placeholder_for_what_is_not_there_fails_and_says_which(string template)
    {
        var fault = Assert.Throws<TransformException>(() => Render($$"""{"template":["{{template}}"]}"""));

        Assert.Contains("/data/missing", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_small_template_cannot_make_a_huge_body()
    {
        var large = Event with { Data = Encoding.UTF8.GetBytes($"\"{new string('x', 200_000)}\"") };
        var (many, text) = (string.Join(",", Enumerable.Repeat("\"{/data}\"", 100)), $"\"{string.Concat(Enumerable.Repeat("{/data} ", 100))}\"");

        Assert.Throws<TransformException>(() => Read($$"""{"template":[{{many}}]}""").Render(BuiltInProfiles.Matcher, large));
        Assert.Throws<TransformException>(() => Read($$"""{"template":[{{text}}]}""").Render(BuiltInProfiles.Matcher, large));
    }

    [Theory]
    [InlineData("/data/severity", """{"severity":"HIGH"}""", null)]
    [InlineData("/data/card/number /metadata/source", """{"card":{"number":"4111"}}""", """{"source":"engine"}""")]
    [InlineData("/data/card /data/card/number", """{"card":{"number":"4111","holder":"Zoë"}}""", null)]
    [InlineData("/data/lines/1 /data/lines/0/b", """{"lines":[{"b":2},{"a":3}]}""", null)]
    [InlineData("/data/missing /data/severity/deeper", "{}", null)]
    [InlineData("/metadata", "{}", """{"correlation_id":"req_1","source":"engine"}""")]
    public void Only_what_is_included_is_kept(string places, string data, string? metadata) => Assert.Equal(Body(data, metadata), Render(Places("include", places)));

    [Theory]
    [InlineData("/data/card /data/lines /data/none", """{"severity":"HIGH","amount":1000.0}""", """{"correlation_id":"req_1","source":"engine"}""")]
    [InlineData("/data/card/number /data/lines/0 /data/none /data/amount /metadata", """{"severity":"HIGH","card":{"holder":"Zoë"},"lines":[{"a":3}]}""", null)]
    [InlineData("/data", "{}", """{"correlation_id":"req_1","source":"engine"}""")]
    [InlineData("/data/missing /data/severity/deeper /metadata/correlation_id", null, """{"source":"engine"}""")]
    public void What_is_excluded_is_left_out(string places, string? data, string? metadata) =>
        Assert.Equal(Body(data ?? Encoding.UTF8.GetString(Event.Data.Span), metadata), Render(Places("exclude", places)));

    [Theory]
    [InlineData("[]", "")]
    [InlineData("{}", "")]
    [InlineData("""{"template":1,"include":["/data"]}""", "")]
    [InlineData("""{"script":"x"}""", "/script")]
    [InlineData("""{"include":[]}""", "/include")]
    [InlineData("""{"include":"/data"}""", "/include")]
    [InlineData("""{"exclude":["/data/a","/id"]}""", "/exclude/1")]
    [InlineData("""{"exclude":["data"]}""", "/exclude/0")]
    [InlineData("""{"template":{"a":["x","{/data"]}}""", "/template/a/1")]
    [InlineData("""{"template":{"a/b":"{/da~ta}"}}""", "/template/a~1b")]
    [InlineData("""{"template":{"a":"\ud800"}}""", "")]
    public void A_fault_is_named_where_it_is(string transform, string pointer)
    {
        var (read, faults) = EventTransform.Read(Parse(transform));

        Assert.Null(read);
        Assert.Equal(pointer, Assert.Single(faults).Pointer);
        Assert.EndsWith(".", faults[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_kept_as_it_was_spelled()
    {
        const string Spelled = """{ "template": { "b": 1.0, "a": "\u00e4" } }""";

        var transform = Read(Spelled);

        Assert.Equal("""{"template":{"b":1.0,"a":"ä"}}""", transform.Json);
        Assert.Equal(transform, EventTransform.Parse(transform.Json));
    }

    private static string Render(string transform) => Encoding.UTF8.GetString(Read(transform).Render(BuiltInProfiles.Matcher, Event).Span);

    private static string Body(string data, string? metadata) => Encoding.UTF8.GetString(EnvelopeRenderer.Render(
        BuiltInProfiles.Matcher,
        Event with { Data = Encoding.UTF8.GetBytes(data), Metadata = metadata is null ? null : Encoding.UTF8.GetBytes(metadata) }).Span);

    private static string Places(string kind, string places) => $$"""{"{{kind}}":[{{string.Join(",", places.Split(' ').Select(place => $"\"{place}\""))}}]}""";

    private static EventTransform Read(string transform)
    {
        var (read, faults) = EventTransform.Read(Parse(transform));
        Assert.True(read is not null, string.Join("; ", faults));
        return read;
    }

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}

using System.Text.Json;
using Webhooks.Subscriptions.Json;
using Webhooks.Subscriptions.Shaping.Filters;

namespace Webhooks.Subscriptions.Tests.Shaping.Filters;

public sealed class EventFilterTests
{
    private const string Event = """
        {
          "id": "evt_001", "type": "exception.created", "tenant_id": "tenant_001",
          "data": {
            "severity": "HIGH", "amount": 15000.0, "none": null, "open": true, "tags": ["wire", "usd"],
            "a/b": 1, "m~n": 2, "": 3, "nested": { "x": 1.50, "list": [ { "y": "z" } ] }
          }
        }
        """;

    // Each asks the one that the others have asked.
    private static readonly JsonPlace Document = new(Parse(Event));

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"/data/severity":{"eq":"HIGH"}}""")]
    [InlineData("""{"/type":{"starts_with":"exception."}}""")]
    [InlineData("""{"/data/amount":{"eq":15000}}""")]
    [InlineData("""{"/data/amount":{"gt":14999.99,"lte":1.5e4}}""")]
    [InlineData("""{"/data/amount":{"ne":"15000"}}""")]
    [InlineData("""{"/data/none":{"eq":null}}""")]
    [InlineData("""{"/data/open":{"eq":true}}""")]
    [InlineData("""{"/data/tags":{"eq":["wire","usd"]}}""")]
    [InlineData("""{"/data/nested":{"eq":{"list":[{"y":"z"}],"x":1.5}}}""")]
    [InlineData("""{"/data/tags/1":{"eq":"usd"}}""")]
    [InlineData("""{"/data/a~1b":{"eq":1},"/data/m~0n":{"eq":2},"/data/":{"eq":3}}""")]
    [InlineData("""{"/data/nested/list/0/y":{"in":["x","z"]}}""")]
    [InlineData("""{"/data/severity":{"nin":["LOW","MEDIUM"]}}""")]
    [InlineData("""{"/data/severity":{"gte":"HIGH","lt":"LOW"}}""")]
    [InlineData("""{"/data/missing":{"exists":false}}""")]
    [InlineData("""{"/data/none":{"exists":true}}""")]
    [InlineData("""{"not":{"/data/severity":{"eq":"LOW"}}}""")]
    [InlineData("""{"any":[{"/data/severity":{"eq":"LOW"}},{"/data/amount":{"gte":10000}}]}""")]
    [InlineData("""{"all":[{"/data/severity":{"eq":"HIGH"}},{"/data/amount":{"gte":10000}}],"/data/open":{"eq":true}}""")]
    [InlineData("""{"":{"exists":true}}""")]
    public void Matches(string filter) => Assert.True(Read(filter).Matches(Document));

    [Theory]
    [InlineData("""{"/data/severity":{"eq":"high"}}""")]
    [InlineData("""{"/data/amount":{"gt":15000}}""")]
    [InlineData("""{"/data/amount":{"gt":"1"}}""")]
    [InlineData("""{"/data/amount":{"gte":10000,"lt":15000}}""")]
    [InlineData("""{"/data/severity":{"eq":"HIGH"},"/data/open":{"eq":false}}""")]
    [InlineData("""{"/data/none":{"eq":0}}""")]
    [InlineData("""{"/data/tags":{"eq":["usd","wire"]}}""")]
    [InlineData("""{"/data/tags/01":{"exists":true}}""")]
    [InlineData("""{"/data/tags/-":{"exists":true}}""")]
    [InlineData("""{"/data/tags/2":{"exists":true}}""")]
    [InlineData("""{"/data/amount/0":{"exists":true}}""")]
    [InlineData("""{"/data/amount":{"starts_with":"1"}}""")]
    [InlineData("""{"any":[{"/data/severity":{"eq":"LOW"}},{"/data/amount":{"lt":10000}}]}""")]
    [InlineData("""{"not":{}}""")]
    public void Does_not_match(string filter) => Assert.False(Read(filter).Matches(Document));

    [Theory]
    [InlineData("eq", "1")]
    [InlineData("ne", "1")]
    [InlineData("gt", "1")]
    [InlineData("gte", "1")]
    [InlineData("lt", "1")]
    [InlineData("lte", "1")]
    [InlineData("in", "[1]")]
    [InlineData("nin", "[1]")]
    [InlineData("starts_with", "\"\"")]
    [InlineData("exists", "true")]
    public void What_is_not_there_fulfils_nothing(string condition, string operand) =>
        Assert.False(Read($$"""{"/data/missing":{"{{condition}}":{{operand}} } }""").Matches(Document));

    [Theory]
    [InlineData("[]", "")]
    [InlineData("null", "")]
    [InlineData("""{"data":{"eq":1}}""", "/data")]
    [InlineData("""{"/data/~2":{"eq":1}}""", "/~1data~1~02")]
    [InlineData("""{"/data":{}}""", "/~1data")]
    [InlineData("""{"/data":1}""", "/~1data")]
    [InlineData("""{"/data":{"equals":1}}""", "/~1data/equals")]
    [InlineData("""{"/data":{"gt":true}}""", "/~1data/gt")]
    [InlineData("""{"/data":{"in":[]}}""", "/~1data/in")]
    [InlineData("""{"/data":{"exists":1}}""", "/~1data/exists")]
    [InlineData("""{"/data":{"starts_with":1}}""", "/~1data/starts_with")]
    [InlineData("""{"any":[]}""", "/any")]
    [InlineData("""{"all":{}}""", "/all")]
    [InlineData("""{"any":[{"/data":{"eq":1}},1]}""", "/any/1")]
    [InlineData("""{"not":[]}""", "/not")]
    public void A_fault_is_named_where_it_is(string filter, string pointer)
    {
        var (read, faults) = EventFilter.Read(Parse(filter));

        Assert.Null(read);
        Assert.Equal(pointer, Assert.Single(faults).Pointer);
        Assert.EndsWith(".", faults[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_faults_are_named_at_once()
    {
        var (_, faults) = EventFilter.Read(Parse("""{"data":{},"/a":{"x":1,"gt":[]},"not":{"any":1}}"""));

        Assert.Equal(["/data", "/~1a/x", "/~1a/gt", "/not/any"], faults.Select(fault => fault.Pointer));
    }

    [Fact]
    public void Depth_and_size_have_bounds()
    {
        var deep = """{"/a":{"eq":1}}""";
        for (var level = 1; level < FilterReader.Deepest; level++)
        {
            deep = $$"""{"not":{{deep}}}""";
        }

        Assert.NotNull(EventFilter.Read(Parse(deep)).Filter);
        Assert.NotEmpty(EventFilter.Read(Parse($$"""{"not":{{deep}}}""")).Faults);

        Assert.NotNull(EventFilter.Read(Parse(Wide(FilterReader.MostConditions))).Filter);
        Assert.NotEmpty(EventFilter.Read(Parse(Wide(FilterReader.MostConditions + 1))).Faults);
    }

    private static string Wide(int conditions) =>
        "{" + string.Join(",", Enumerable.Range(0, conditions).Select(number => $$"""  "/{{number}}":{"eq":1}""")) + "}";

    private static EventFilter Read(string filter)
    {
        var (read, faults) = EventFilter.Read(Parse(filter));
        Assert.True(read is not null, string.Join("; ", faults));
        return read;
    }

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}

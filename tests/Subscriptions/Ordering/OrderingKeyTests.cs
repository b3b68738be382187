using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Webhooks.Subscriptions.Json;
using Webhooks.Subscriptions.Ordering;

namespace Webhooks.Subscriptions.Tests.Ordering;

public sealed class OrderingKeyTests
{
    // Few letters, so that equal ones meet.
    private static readonly Arbitrary<string> Texts = Gen.Elements("a", "b", "1", "ü", "\"").ListOf().Select(letters => string.Concat(letters.Take(3))).ToArbitrary();

    [Theory]
    [InlineData("""{"id":"a"}""", """{"id":"\u0061","more":1}""")]
    [InlineData("""{"id":1}""", """{"id":1.0}""")]
    [InlineData("""{"id":1000}""", """{"id":1E3}""")]
    [InlineData("""{"id":-0}""", """{"id":0e5}""")]
    [InlineData("""{"id":true}""", """{"id":true}""")]
    [InlineData("""{"id":""}""", """{"id":""}""")]
    public void The_same_value_is_the_same_key_however_it_is_spelled(string one, string other)
    {
        Assert.NotNull(KeyOf("/data/id", one));
        Assert.Equal(KeyOf("/data/id", one), KeyOf("/data/id", other));
    }

    [Theory]
    [InlineData("""{"id":"1"}""", """{"id":1}""")]
    [InlineData("""{"id":"true"}""", """{"id":true}""")]
    [InlineData("""{"id":true}""", """{"id":false}""")]
    [InlineData("""{"id":"a"}""", """{"id":"A"}""")]
    [InlineData("""{"id":9007199254740992}""", """{"id":9007199254740993}""")]
    [InlineData("""{"id":1}""", """{"id":-1}""")]
    public void Another_value_is_another_key(string one, string other) => Assert.NotEqual(KeyOf("/data/id", one), KeyOf("/data/id", other));

    [Theory]
    [InlineData("/data/nowhere")]
    [InlineData("/data/nothing")]
    [InlineData("/data/object")]
    [InlineData("/data/list")]
    [InlineData("/data/list/1")]
    [InlineData("/data/text/0")]
    public void What_is_no_single_value_is_no_key(string pointer) =>
        Assert.Null(KeyOf(pointer, """{"nothing":null,"object":{"a":1},"list":["a"],"text":"a"}"""));

    [Fact]
    public void The_whole_event_is_an_object_to_point_into()
    {
        Assert.Equal(KeyOf("/data/id", """{"id":"a"}"""), KeyOf("/context_id", "{}", contextId: "a"));
        Assert.Equal(KeyOf("/data/list/0", """{"list":["a"]}"""), KeyOf("/data/~1~0", """{"/~":"a"}"""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("data/id")]
    [InlineData("/data/~")]
    public void What_can_never_be_a_key_is_refused(string pointer) => Assert.False(OrderingKey.TryParse(pointer, out _));

    [Fact]
    public void It_is_equal_when_it_is_spelled_alike()
    {
        Assert.Equal(OrderingKey.Parse("/data/id"), OrderingKey.Parse("/data/id"));
        Assert.NotEqual(OrderingKey.Parse("/data/id"), OrderingKey.Parse("/data/ID"));
    }

    [Fact]
    public void Two_texts_share_a_key_exactly_when_they_are_the_same() =>
        Prop.ForAll(Texts, Texts, (one, other) => (Text(one) == Text(other)) == (one == other)).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static long? Text(string value) => KeyOf("/data/id", JsonSerializer.Serialize(new { id = value }));

    private static long? KeyOf(string pointer, string data, string contextId = "ctx")
    {
        using var document = JsonDocument.Parse($$"""{"id":"evt","context_id":"{{contextId}}","data":{{data}}}""");
        return OrderingKey.Parse(pointer).Of(new JsonPlace(document.RootElement));
    }
}

using System.Net;

namespace Webhooks.Management.Tests.Subscriptions;

public sealed class ChannelTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    [Fact]
    public async Task The_list_of_a_channel_has_pages_of_that_channel_only()
    {
        var made = new List<string>();
        for (var number = 0; number < 3; number++)
        {
            made.Insert(0, (await CreateAsync("\"orders\"")).Id);
            await CreateAsync("\"others\"");
            await CreateAsync("null");
        }

        var found = new List<string>();
        for (var cursor = ""; cursor is not null;)
        {
            var page = await api.GetAsync($"/v1/subscriptions?channel=orders&limit=2&cursor={cursor}", await api.TokenAsync("channels"));
            found.AddRange(page.Ids);
            cursor = page.NextCursor;
        }

        Assert.Equal(made, found);
        Assert.Empty((await api.GetAsync("/v1/subscriptions?channel=orders", await api.TokenAsync("another"))).Ids);
        Assert.Empty((await api.GetAsync("/v1/subscriptions?tenant_id=channels&channel=Orders")).Ids);
    }

    [Fact]
    public async Task It_can_be_set_changed_and_taken_away()
    {
        var made = await CreateAsync("\"Team_A.1:eu-west\"");

        Assert.Equal((HttpStatusCode.Created, "Team_A.1:eu-west"), (made.Status, made.Member("channel")));
        Assert.Equal("b", (await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"channel":"b"}""")).Member("channel"));
        Assert.Equal("b", (await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"description":"x"}""")).Member("channel"));
        Assert.Null((await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"channel":null}""")).Member("channel"));
    }

    [Theory]
    [InlineData("\"\"", "/channel invalid_format")]
    [InlineData("\"a b\"", "/channel invalid_format")]
    [InlineData("\"größe\"", "/channel invalid_format")]
    [InlineData("\"x/y\"", "/channel invalid_format")]
    [InlineData("7", "/channel invalid_type")]
    public async Task What_is_no_label_is_refused(string channel, string error)
    {
        (await CreateAsync(channel)).IsProblem(HttpStatusCode.BadRequest, "validation_failed", error);
        (await CreateAsync($"\"{new string('x', 65)}\"")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/channel invalid_format");
        Assert.Equal(HttpStatusCode.Created, (await CreateAsync($"\"{new string('x', 64)}\"")).Status);
        (await api.GetAsync("/v1/subscriptions?channel=a%20b")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/channel invalid_format");
    }

    [Fact]
    public async Task Whether_the_trace_is_sent_is_true_or_false_and_false_unless_said()
    {
        var made = await CreateAsync("null");

        Assert.False(made.Json.GetProperty("send_traceparent").GetBoolean());
        Assert.True((await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"send_traceparent":true}""")).Json.GetProperty("send_traceparent").GetBoolean());
        Assert.False((await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"send_traceparent":null}""")).Json.GetProperty("send_traceparent").GetBoolean());
        (await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"send_traceparent":"yes"}""")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/send_traceparent invalid_type");
    }

    private Task<Answer> CreateAsync(string channel) =>
        api.PostAsync("/v1/subscriptions", $$"""{"tenant_id":"channels","url":"https://receiver.example/","event_types":["a"],"channel":{{channel}} }""");
}

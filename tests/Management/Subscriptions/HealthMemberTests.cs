using System.Net;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Subscriptions;

/// <summary>How a subscription's receiver fares is shown wherever the subscription is.</summary>
public sealed class HealthMemberTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private const string Open = """{"state":"open","reason":"timed_out"}""";
    private const string Healthy = """{"state":"healthy","reason":null}""";

    [Fact]
    public async Task It_is_shown_in_every_answer_and_that_of_others_is_not()
    {
        var (unwell, well) = (await api.SubscribeAsync("tenant_health"), await api.SubscribeAsync("tenant_health"));
        await FailAsync(unwell, "open", "timed_out");

        Assert.Equal(Open, HealthOf(await api.GetAsync($"/v1/subscriptions/{unwell.Id}")));
        Assert.Equal(Healthy, HealthOf(await api.GetAsync($"/v1/subscriptions/{well.Id}")));
        var list = await api.GetAsync("/v1/subscriptions?tenant_id=tenant_health");
        Assert.Equal([Healthy, Open], list.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("health").GetRawText()));
        Assert.Equal(Open, HealthOf(await api.PatchAsync($"/v1/subscriptions/{unwell.Id}", new { description = "The same receiver." })));
        Assert.Equal(Open, HealthOf(await api.PostAsync($"/v1/subscriptions/{unwell.Id}/rotate-secret", new { })));
    }

    [Theory]
    [InlineData("failing", "server_error")]
    [InlineData("throttled", "throttled")]
    [InlineData("recovering", "connection_failed")]
    public async Task Each_state_has_its_reason(string state, string reason)
    {
        var made = await api.SubscribeAsync("tenant_health_states");
        await FailAsync(made, state, reason);

        Assert.Equal($$"""{"state":"{{state}}","reason":"{{reason}}"}""", HealthOf(await api.GetAsync($"/v1/subscriptions/{made.Id}")));
    }

    [Fact]
    public async Task A_few_failures_are_no_state()
    {
        var made = await api.SubscribeAsync("tenant_health_few");
        await FailAsync(made, "healthy", "timed_out");

        Assert.Equal(Healthy, HealthOf(await api.GetAsync($"/v1/subscriptions/{made.Id}")));
    }

    [Fact]
    public async Task Enabling_a_subscription_again_and_giving_it_another_url_begin_anew()
    {
        var made = await api.SubscribeAsync("tenant_health_again");
        await FailAsync(made, "open", "timed_out");
        await api.PatchAsync($"/v1/subscriptions/{made.Id}", new { state = "disabled" });

        var enabled = await api.PatchAsync($"/v1/subscriptions/{made.Id}", new { state = "active" });
        Assert.Equal((HttpStatusCode.OK, Healthy), (enabled.Status, HealthOf(enabled)));
        Assert.Equal(Healthy, HealthOf(await api.GetAsync($"/v1/subscriptions/{made.Id}")));

        await FailAsync(made, "open", "timed_out");
        Assert.Equal(Healthy, HealthOf(await api.PatchAsync($"/v1/subscriptions/{made.Id}", new { url = "https://other.example/hook" })));
        Assert.Equal(Healthy, HealthOf(await api.GetAsync($"/v1/subscriptions/{made.Id}")));
    }

    [Fact]
    public async Task A_pause_that_ends_is_no_new_beginning()
    {
        var made = await api.SubscribeAsync("tenant_health_paused");
        await FailAsync(made, "open", "timed_out");

        Assert.Equal(Open, HealthOf(await api.PatchAsync($"/v1/subscriptions/{made.Id}", new { state = "paused" })));
        Assert.Equal(Open, HealthOf(await api.PatchAsync($"/v1/subscriptions/{made.Id}", new { state = "active" })));
        Assert.Equal(Open, HealthOf(await api.GetAsync($"/v1/subscriptions/{made.Id}")));
    }

    /// <summary>As the dispatchers leave it.</summary>
    private Task FailAsync(Answer subscription, string state, string reason) => api.Database.ExecuteAsync(
        "INSERT INTO subscription_health (subscription_id, state, reason, unsuccessful) VALUES ($1, $2, $3, 3)", ManagementApi.IdOf(subscription), state, reason);

    private static string HealthOf(Answer answer) => answer.Json.GetProperty("health").GetRawText();
}

using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Outcomes;

public sealed class When_an_attempt_ends(OutcomeDeliveries deliveries) : IClassFixture<OutcomeDeliveries>
{
    public static MatrixTheoryData<string, string> RowsAndProfiles => new(OutcomeRow.All.Select(row => row.Name), OutcomeDeliveries.Profiles);

    public static MatrixTheoryData<string, string> Redirects => new(["301", "302", "307"], OutcomeDeliveries.Profiles);

    [Theory]
    [MemberData(nameof(RowsAndProfiles))]
    public async Task Should_follow_what_the_outcome_table_says(string name, string profile)
    {
        var row = OutcomeRow.Named(name);

        var delivery = await deliveries.EndedAsync(name, profile);

        var attempts = delivery.Attempts!;
        Assert.Equal(row.StatusUnder(profile), delivery.Status);
        Assert.Equal(
            Enumerable.Range(1, delivery.Status is "exhausted" ? 2 : 1).Select(number => (number, row.Outcome, row.StatusCode)),
            attempts.Select(attempt => (attempt.Number, attempt.Outcome, attempt.StatusCode)));
        Assert.All(attempts, attempt => Assert.Equal(row.Outcome is "succeeded", attempt.Error is null));
        if (row.IsAnswered)
        {
            Assert.Equal(attempts.Count, deliveries.Requests(row, profile).Count);
        }
    }

    [Theory]
    [MemberData(nameof(Redirects))]
    public async Task Should_not_follow_a_redirect(string name, string profile)
    {
        await deliveries.EndedAsync(name, profile);

        Assert.All(deliveries.Requests(OutcomeRow.Named(name), profile), request => Assert.Equal("/", request.Path));
    }

    [Theory]
    [InlineData("matcher")]
    [InlineData("standard")]
    public async Task Should_disable_a_subscription_whose_receiver_is_gone(string profile)
    {
        await deliveries.EndedAsync("410", profile);

        // The attempt is recorded first; what follows from it comes right after.
        await Eventually.TrueAsync(
            async () => (await deliveries.SubscriptionAsync("410", profile)).State == "disabled", TimeSpan.FromMinutes(5), "The subscription is disabled.");
    }
}

using System.Text;
using System.Text.Json;
using Webhooks.CallbackIngest.Routes;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Routes;

/// <summary>A second kind of callback needs an entry in the table, and nothing else.</summary>
public sealed class RouteTests(World world) : IClassFixture<World>
{
    private static readonly CallbackRoute Disputes = new()
    {
        Name = "disputes",
        Template = "/v1/disputes/{disputeId}/callback",
        Noun = "dispute",
        SubjectName = "disputeId",
        SubjectMember = "dispute_id",
        Fields =
        [
            new("bank", "bank", FieldKind.System) { Description = "Which bank.", Example = "B", IsRequired = true, Longest = 8 },
            new("verdict", "verdict", FieldKind.Choice) { Description = "How it ended.", Example = "WON", IsRequired = true, Choices = ["WON", "LOST"], Needs = ("LOST", "amount") },
            new("amount", "amount", FieldKind.Text) { Description = "How much." },
            new("decidedAt", "decided_at", FieldKind.UpdatedAt) { Description = "When." },
        ],
        RoutingKey = "dispute.apply-verdict",
        MessageType = "urn:message:Bank:ApplyVerdict",
        Queue = "test.commands.dispute",
        Binding = "dispute.#",
    };

    [Fact]
    public async Task A_second_route_reads_its_fields_and_publishes_its_command()
    {
        var ingest = await world.StartIngestAsync(Disputes);

        (await SendAsync("""{"bank":"a bank with a long name","verdict":"LOST"}""", "d0")).IsProblem(400, "validation_failed", "/bank out_of_range", "/amount required");
        (await SendAsync("""{"bank":"b","verdict":"DRAWN"}""", "d1")).IsProblem(422, "invalid_verdict", "/verdict invalid_value");
        (await SendAsync("""{"bank":"b","verdict":"LOST"}""", "d1")).IsProblem(422, "amount_missing", "/amount required");
        (await SendAsync("""{"bank":"b","verdict":"won","decidedAt":"2024-01-20T10:30:00Z"}""", "d1")).IsAccepted();
        (await SendAsync("""{"bank":"b","verdict":"won","decidedAt":"2024-01-20T10:30:00Z"}""", "d1")).IsAccepted(replayed: true);
        (await SendAsync("""{"bank":"b","verdict":"lost","amount":"1.00","decidedAt":"2024-01-20T10:29:00Z"}""", "d2")).IsAccepted();

        var first = await world.Bus.TakeAsync(Disputes.Queue);
        Assert.Equal((Disputes.RoutingKey, Disputes.MessageType), (first.RoutingKey, first.Header("MT-MessageType")));
        var command = JsonElement.Parse(first.Text());
        Assert.Equal(("dsp_1", "B", "WON", false), (command.GetProperty("dispute_id").GetString(), command.GetProperty("bank").GetString(), command.GetProperty("verdict").GetString(), command.GetProperty("superseded").GetBoolean()));
        Assert.True(JsonElement.Parse((await world.Bus.TakeAsync(Disputes.Queue)).Text()).GetProperty("superseded").GetBoolean());

        Task<Answer> SendAsync(string body, string key) =>
            ingest.SendAsync(Encoding.UTF8.GetBytes(body), [("X-Idempotency-Key", key)], World.Token, "/v1/disputes/dsp_1/callback");
    }
}

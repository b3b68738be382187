using System.Text;

namespace Webhooks.CallbackIngest.Tests.Callbacks;

/// <summary>Whatever is sent, the answer is never a 5xx, and a refusal is always a problem.</summary>
public sealed class FuzzTests(World world) : IClassFixture<World>
{
    private static readonly string[] Names = ["externalSystem", "externalIssueId", "status", "resolutionNotes", "assignee", "dueAt", "updatedAt", "callbackType", "payload", "x", "", "\\u0000", "\\ud83d", "__proto__"];

    private static readonly string[] Values =
    [
        "null", "true", "0", "1e999", "\"\"", "\"x\"", "\"\\u0000\"", "\"\\ud800\"", "\"RESOLVED\"", "\"assigned\"", "\"2024-01-20T10:30:00Z\"", "\"0001-01-01T00:00:00+14:00\"",
        "\"9999-12-31T23:59:59.9999999-14:00\"", "\"2024-13-20T10:30:00Z\"", "\"2024-01-20T10:30:60.1Z\"", "\"😀\"", "\"İ\"", "[]", "{}", "{\"a\":{\"b\":[[[]]]}}", "{\"\\ud800\":1}", "\"ß\"", "\" \"",
    ];

    private static readonly string[] Keys = ["k", "", " ", "a b", "ü", "\u0001", "a,b", "\"k\"", new string('k', 128), new string('k', 129), "k:_.-"];

    private static readonly string[] Paths = ["exc_001", "%00", "%ff", "%2F", "a%20b", "..", "%F0%9F%98%80", new string('e', 128), new string('e', 129), "a?tenant_id=tenant_001", "a?tenant_id=%00", "a?tenant_id=x&tenant_id=y"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Random_bodies_keys_and_paths_are_never_our_fault(int seed)
    {
        var random = new Random(seed);
        // All of it is made here, by one thread: a Random that several ask at once answers nothing but zeros from then on.
        var rounds = Enumerable.Range(0, 600).Select(_ => (Body: Body(random), Headers: Headers(random).ToList(), Path: random.Next(3) == 0 ? Pick(random, Paths) : "exc_001", Token: random.Next(3) == 0 ? World.AdminToken : World.Token)).ToList();
        var statuses = new System.Collections.Concurrent.ConcurrentBag<int>();
        await Parallel.ForEachAsync(rounds, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (round, _) =>
        {
            var at = round.Path.Contains('?') ? round.Path.Replace("?", "/callback?", StringComparison.Ordinal) : round.Path + "/callback";
            var answer = await IngestClient.AnsweredAsync(() => world.Ingest.SendAsync(round.Body, round.Headers, round.Token, $"/v1/exceptions/{at}"));
            statuses.Add(answer.Status);
            Assert.True(answer.Status < 500, $"{answer.Status}: {answer.Text} for {at} {Encoding.UTF8.GetString(round.Body)}");
            if (answer.Status >= 400 && answer.Text.Length > 0)
            {
                Assert.Equal("application/problem+json", answer.ContentType);
                Assert.NotEmpty(answer.Json.GetProperty("code").GetString()!);
            }
        });
        // It did reach what it is about.
        Assert.Contains(200, statuses);
        Assert.Contains(400, statuses);
    }

    private static IEnumerable<(string, string)> Headers(Random random)
    {
        for (var count = random.Next(4); count > 0; count--)
        {
            yield return (random.Next(2) == 0 ? "X-Idempotency-Key" : "Idempotency-Key", random.Next(2) == 0 ? $"k{random.Next(1000)}" : Pick(random, Keys));
        }

        if (random.Next(4) == 0)
        {
            yield return ("traceparent", Pick(random, ["x", "00-00000000000000000000000000000000-0000000000000000-00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]));
        }
    }

    private static byte[] Body(Random random)
    {
        var members = Names.Where(_ => random.Next(2) == 0).Select(name => $"\"{name}\":{Pick(random, Values)}").ToList();
        if (random.Next(2) == 0)
        {
            members = ["\"externalSystem\":\"FUZZ\"", "\"externalIssueId\":\"1\"", "\"status\":\"OPEN\"", $"\"payload\":{Pick(random, Values)}", $"\"other\":{Pick(random, Values)}"];
        }

        var body = Encoding.UTF8.GetBytes($"{{{string.Join(',', members)}}}");
        if (random.Next(4) == 0)
        {
            body[random.Next(body.Length)] = (byte)random.Next(256);
        }

        return random.Next(10) == 0 ? body[..random.Next(body.Length)] : body;
    }

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];
}

using System.Globalization;
using System.Net;
using System.Text;

namespace Webhooks.Management.Tests.Problems;

/// <summary>Whatever is sent, the answer is never a 5xx, and a refusal is always a problem.</summary>
public sealed class FuzzTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private const int Rounds = 1_500;

    private static readonly string[] Names =
    [
        "tenant_id", "url", "event_types", "profile", "description", "secret", "retry", "retry_on", "timeout_seconds", "state", "channel", "filter",
        "headers", "signature", "send_traceparent", "algorithm", "header", "message_template", "value_template", "digest_encoding", "secret_encoding", "secret_prefix",
        "timestamp_header", "id_header", "Authorization", "Host", "X-A", "x-a", "X-Matcher-Signature", "User-Agent", "id", "health", "max_attempts", "jitter", "name", "scopes", "expires_at", "type", "data", "metadata", "timestamp", "version",
        "context_id", "message", "messageType", "ü", "", "\\u0000", "\\ud83d", "a/b", "__proto__",
    ];

    private static readonly string[] Values =
    [
        "null", "true", "0", "-0", "1e999", "-1E-999", "0.1", "99999999999999999999", "\"\"", "\"x\"", "\"\\u0000\"", "\"\\ud800\"", "\"*\"", "\"a.*\"", "\"matcher\"",
        "\"standard\"", "\"https://receiver.example/\"", "\"https://127.1/\"", "\"https://[::ffff:10.0.0.1]/\"", "\"https://\\u0000/\"", "\"https://x:99999/\"", "\"active\"",
        "\"disabled\"", "\"2024-01-20T10:30:00Z\"", "\"9999-12-31T23:59:59.9999999-14:00\"", "\"0001-01-01T00:00:00+14:00\"", "\"admin\"", "\"a secret that is long enough\"", "\"😀\"", "[]", "{}", "[[]]",
        "\"{body}\"", "\"{id}{pointer:/a}{body}\"", "\"{header:X-A}{body}\"", "\"{timestamp}\"", "\"v1={digest}\"", "\"{digest}\"", "\"hmac-sha512\"", "\"ed25519\"", "\"base64\"", "\"utf8\"",
        "\"X-A\"", "\"User-Agent\"", "\"X-Matcher-Timestamp\"", "\"****************************\"", "\"a\\r\\nb\"",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Random_bodies_are_never_our_fault(int seed)
    {
        // Seeded: a failure can be run again.
        var random = new Random(seed);
        var subscription = (await api.SubscribeAsync("fuzz")).Id;
        (HttpMethod, string)[] targets = [(HttpMethod.Post, "/v1/subscriptions"), (HttpMethod.Patch, $"/v1/subscriptions/{subscription}"), (HttpMethod.Post, "/v1/tokens"), (HttpMethod.Post, "/v1/events"), (HttpMethod.Post, "/v1/dry-run"), (HttpMethod.Post, "/v1/test")];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Rounds).Select(_ => (Target: targets[random.Next(targets.Length)], Body: Body(random))).ToList(),
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (round, _) => await CheckAsync(
                () => api.SendAsync(round.Target.Item1, round.Target.Item2, round.Body, ManagementApi.AdminToken), Encoding.UTF8.GetString(round.Body)));
    }

    [Fact]
    public async Task Random_queries_and_paths_are_never_our_fault()
    {
        var random = new Random(3);
        string[] paths = ["/v1/subscriptions", "/v1/deliveries", "/v1/tokens", "/v1/events/x", "/v1/deliveries/dlv_x", "/v1/subscriptions/sub_x", "/v1/stats", "/v1/accounting", "/v1/event-types", "/v1/event-types/x", "/v1/egress"];
        string[] names = ["tenant_id", "limit", "cursor", "subscription_id", "event_id", "type", "status", "since", "until", "resolution", "channel", "%00", "x"];
        string[] values = ["", "0", "50", "-1", "x", "%00", "%ff", "%F0%9F%98%80", "2024-01-20T10:30:00Z", "9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00Z", "pending", "minute", "day", "AAAA", "sub_01a1fc6f7f6f74728db2061d67cc7ccc"];
        for (var round = 0; round < 500; round++)
        {
            var query = string.Join('&', Enumerable.Range(0, random.Next(4)).Select(_ => $"{names[random.Next(names.Length)]}={values[random.Next(values.Length)]}"));
            var path = $"{paths[random.Next(paths.Length)]}?{query}";
            await CheckAsync(() => api.GetAsync(path), path);
        }
    }

    private static async Task CheckAsync(Func<Task<Answer>> sending, string sent)
    {
        // A machine that has no time for seconds makes it say so and be asked again, as any client may be.
        var answer = await sending();
        for (var tries = 1; tries < 10 && answer is { Status: HttpStatusCode.ServiceUnavailable, Headers.RetryAfter: not null }; tries++)
        {
            answer = await sending();
        }

        Assert.True((int)answer.Status < 500, $"{answer.Status}: {answer.Text} for {sent}");
        if ((int)answer.Status >= 400)
        {
            Assert.Equal("application/problem+json", answer.ContentType);
            Assert.NotEmpty(answer.Code);
        }
    }

    private static byte[] Body(Random random)
    {
        var text = new StringBuilder();
        Append(text, random, depth: 0);
        var body = Encoding.UTF8.GetBytes(text.ToString());
        if (random.Next(4) == 0 && body.Length > 0)
        {
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                body[random.Next(body.Length)] = (byte)random.Next(256);
            }
        }

        return random.Next(10) == 0 ? body[..random.Next(body.Length + 1)] : body;
    }

    private static void Append(StringBuilder text, Random random, int depth)
    {
        if (depth > 0 && random.Next(3) > 0)
        {
            text.Append(Values[random.Next(Values.Length)]);
            return;
        }

        var isObject = depth == 0 || random.Next(2) == 0;
        text.Append(isObject ? '{' : '[');
        for (var members = random.Next(7); members > 0; members--)
        {
            if (isObject)
            {
                text.Append(CultureInfo.InvariantCulture, $"\"{Names[random.Next(Names.Length)]}\":");
            }

            if (depth < 4)
            {
                Append(text, random, depth + 1);
            }
            else
            {
                text.Append('1');
            }

            text.Append(members > 1 ? "," : "");
        }

        text.Append(isObject ? '}' : ']');
    }
}

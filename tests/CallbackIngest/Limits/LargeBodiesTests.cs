using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Webhooks.Api.Bodies;
using Webhooks.CallbackIngest.Limits;
using Webhooks.CallbackIngest.Tests.Sources;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Limits;

public sealed class LargeBodiesTests(World world, ITestOutputHelper output) : IClassFixture<World>
{
    private const int AtOnce = 100;
    private const int MostMegabytes = 600;

    [Fact]
    public async Task Many_large_bodies_at_once_cost_a_bounded_memory_and_all_are_taken_in_the_end()
    {
        var (child, ingest) = await world.StartChildAsync();
        await using var ends = child;
        var body = Encoding.UTF8.GetBytes($$"""{"externalSystem":"LARGE","externalIssueId":"1","status":"OPEN","payload":{"text":"{{new string('x', 1024 * 1000)}}"} }""");

        var refusals = 0;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async number =>
        {
            for (var isTaken = false; !isTaken; Interlocked.Add(ref refusals, isTaken ? 0 : 1))
            {
                isTaken = await IsTakenAsync(ingest, body, $"large-{number}");
            }
        })).WaitAsync(TimeSpan.FromMinutes(5));

        var megabytes = MemoryOf(child.ProcessId, "VmHWM:");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{megabytes} MiB at most, {MemoryOf(child.ProcessId, "VmRSS:")} MiB afterwards, {refusals} answers 409 or 503"));
        Assert.InRange(megabytes, 1, MostMegabytes);
        Assert.Equal(AtOnce, await world.Database.ScalarAsync<long>("SELECT count(*) FROM callbacks WHERE external_system = 'LARGE' AND status = 'accepted'"));
    }

    [Fact]
    public async Task Who_fills_the_places_holds_up_large_bodies_only_and_not_for_long()
    {
        var crowded = await world.StartIngestAsync();
        var large = Encoding.UTF8.GetBytes(IngestClient.Body(note: "x") + new string(' ', RequestBody.Small));
        var clients = Enumerable.Range(0, BodyRoom.Places).Select(_ => new TcpClient()).ToList();
        var answers = await Task.WhenAll(clients.Select(client => AnnounceAsync(client, crowded.Address)));

        Answer? refused = null;
        await Eventually.TrueAsync(
            async () =>
            {
                // Our own large body may have had the place that one of them came for: it is told so within its patience, which
                // ends before that of a second body of ours.
                var before = refused?.Status;
                foreach (var place in Enumerable.Range(0, answers.Length).Where(place => answers[place].IsCompleted))
                {
                    clients[place].Dispose();
                    clients[place] = new TcpClient();
                    answers[place] = await AnnounceAsync(clients[place], crowded.Address);
                    before = null;
                }

                return (refused = await SendAsync("crowded")).Status == 503 && before == 503;
            },
            World.Limit, "the places to be taken");
        refused!.IsUnavailable();
        await crowded.AcceptAsync(IngestClient.Body(), "crowded-small");
        // Sources have places of their own.
        var source = await world.CreateSourceAsync("jira");
        await Eventually.TrueAsync(async () => (await crowded.SendAsync(large, [], token: null, $"/v1/sources/{source}")).Status == 401, World.Limit, "the source to be known");

        // Nothing more comes of those that hold them.
        foreach (var answer in answers)
        {
            Assert.StartsWith("HTTP/1.1 408", await answer.WaitAsync(World.Limit));
        }

        (await SendAsync("crowded-afterwards")).IsAccepted();
        clients.ForEach(client => client.Dispose());

        Task<Answer> SendAsync(string key) => crowded.SendAsync(large, [("X-Idempotency-Key", key)]);
    }

    private static async Task<bool> IsTakenAsync(IngestClient ingest, byte[] body, string key)
    {
        try
        {
            var answer = await ingest.SendAsync(body, [("X-Idempotency-Key", key)]);
            Assert.True(answer.Status is 200 or 409 or 503, answer.Text);
            Assert.True(answer.Status == 200 || answer.RetryAfter is not null);
            return answer.Status == 200;
        }
        catch (HttpRequestException)
        {
            // Refused before the body was read: what was still on its way reset the connection before its answer was read.
            return false;
        }
    }

    /// <summary>A caller that announces much, sends a large part of it, and then nothing. The answer's first line.</summary>
    private static async Task<Task<string>> AnnounceAsync(TcpClient client, Uri address)
    {
        await client.ConnectAsync(address.Host, address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /v1/exceptions/exc_001/callback HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {World.Token}\r\nX-Idempotency-Key: announced\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n"));
        await stream.WriteAsync(new byte[RequestBody.Small + 1000]);
        return ReadLineAsync(stream);
    }

    private static async Task<string> ReadLineAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        return await reader.ReadLineAsync() ?? "";
    }

    /// <summary>The memory that a process has (VmRSS) or had at most (VmHWM), in MiB.</summary>
    private static int MemoryOf(int processId, string member)
    {
        var line = File.ReadLines($"/proc/{processId}/status").First(line => line.StartsWith(member, StringComparison.Ordinal));
        return int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}

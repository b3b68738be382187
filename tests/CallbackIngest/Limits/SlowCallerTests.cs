using System.Net.Sockets;
using System.Text;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Limits;

/// <summary>A caller that sends so slowly that it holds a connection for nothing is cut off.</summary>
public sealed class SlowCallerTests(World world) : IClassFixture<World>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    [Fact]
    public Task A_body_that_trickles_in_is_cut_off() => IsCutOffAsync(
        $"POST /v1/exceptions/exc_001/callback HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {World.Token}\r\nX-Idempotency-Key: slow\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n",
        trickle: " ");

    [Fact]
    public Task Headers_that_trickle_in_are_cut_off() => IsCutOffAsync("POST /v1/exceptions/exc_001/callback HTTP/1.1\r\nHost: x\r\n", trickle: "X-H: y\r\n");

    [Fact]
    public async Task More_headers_than_anybody_needs_are_refused()
    {
        var answer = await world.Ingest.SendAsync([], [.. Enumerable.Range(0, 100).Select(number => ($"X-Header-{number}", "x"))]);

        Assert.Equal(431, answer.Status);
    }

    private async Task IsCutOffAsync(string head, string trickle)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(world.Ingest.Address.Host, world.Ingest.Address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
        var ended = EndAsync(stream);
        // Bounded by the wait below: it goes on writing as long as it is let.
        _ = TrickleAsync(stream, trickle, ended);

        var answer = await ended.WaitAsync(Patience);

        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 408", StringComparison.Ordinal), answer);
    }

    private static async Task TrickleAsync(NetworkStream stream, string trickle, Task ended)
    {
        try
        {
            while (!ended.IsCompleted)
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(trickle));
                await Task.WhenAny(ended, Task.Delay(Pause));
            }
        }
        catch (Exception cut) when (cut is IOException or ObjectDisposedException)
        {
        }
    }

    /// <summary>What came until the connection ended.</summary>
    private static async Task<string> EndAsync(NetworkStream stream)
    {
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer)) > 0)
            {
                answer.Append(Encoding.ASCII.GetString(buffer, 0, read));
            }
        }
        catch (IOException)
        {
            // Reset.
        }

        return answer.ToString();
    }
}

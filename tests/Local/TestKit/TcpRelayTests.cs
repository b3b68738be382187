using System.Net;
using System.Net.Sockets;
using Webhooks.Local.Provisioning;
using Webhooks.TestKit.Faults;

namespace Webhooks.Local.Tests.TestKit;

public sealed class TcpRelayTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Leads_to_its_server_again_when_that_was_away()
    {
        var port = FreePorts.Next();
        await using var relay = new TcpRelay("127.0.0.1", port);
        using (var refused = await ConnectAsync(relay))
        {
            Assert.True(await EndsAsync(refused));
        }

        using var server = Listen(port);
        using var client = await ConnectAsync(relay);

        await AssertAnswersAsync(client, server);
    }

    [Fact]
    public async Task Loses_what_the_server_answers_and_ends_such_connections_when_it_is_restored()
    {
        using var server = Listen(0);
        await using var relay = new TcpRelay("127.0.0.1", ((IPEndPoint)server.LocalEndpoint).Port);
        using var client = await ConnectAsync(relay);
        using var far = await server.AcceptTcpClientAsync();

        relay.LoseAnswers();
        await client.GetStream().WriteAsync("asked"u8.ToArray());
        await ReadAsync(far, 5);
        await far.GetStream().WriteAsync("answered"u8.ToArray());
        await relay.HoldsAsync().WaitAsync(Limit);
        relay.Restore();

        Assert.True(await EndsAsync(client));
    }

    [Fact]
    public async Task Resets_the_connections_that_there_are_and_takes_new_ones()
    {
        using var server = Listen(0);
        await using var relay = new TcpRelay("127.0.0.1", ((IPEndPoint)server.LocalEndpoint).Port);
        using var client = await ConnectAsync(relay);
        using var far = await server.AcceptTcpClientAsync();

        relay.Reset();

        await Assert.ThrowsAsync<IOException>(async () => await client.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(Limit));
        using var next = await ConnectAsync(relay);
        await AssertAnswersAsync(next, server);
    }

    private static TcpListener Listen(int port)
    {
        var server = new TcpListener(IPAddress.Loopback, port);
        server.Start();
        return server;
    }

    private static async Task<TcpClient> ConnectAsync(TcpRelay relay)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, relay.Port);
        return client;
    }

    private static async Task AssertAnswersAsync(TcpClient client, TcpListener server)
    {
        using var far = await server.AcceptTcpClientAsync().WaitAsync(Limit);
        await far.GetStream().WriteAsync("hello"u8.ToArray());
        await ReadAsync(client, 5);
    }

    private static async Task ReadAsync(TcpClient from, int length) =>
        await from.GetStream().ReadExactlyAsync(new byte[length]).AsTask().WaitAsync(Limit);

    /// <summary>Closed or reset, without a byte of an answer.</summary>
    private static async Task<bool> EndsAsync(TcpClient client)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(Limit) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }
}

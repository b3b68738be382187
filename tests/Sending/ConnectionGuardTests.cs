using System.Net;
using Webhooks.Local.Provisioning;
using Webhooks.Sending.Receivers;

namespace Webhooks.Sending;

/// <summary>What may be connected to, judged on real sockets; only the name server's answers are the tests' own.</summary>
public sealed class ConnectionGuardTests
{
    private static readonly SendingOptions NothingAllowed = new() { AllowInsecureUrls = true };

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.1")]
    [InlineData("2130706433")]
    [InlineData("0x7f000001")]
    [InlineData("0x7f.1")]
    [InlineData("0177.0.0.1")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("[::ffff:7f00:1]")]
    [InlineData("[64:ff9b::7f00:1]")]
    [InlineData("localhost")]
    [InlineData("LOCALHOST")]
    public async Task Loopback_is_refused_in_every_spelling(string host)
    {
        await using var receiver = RawReceiver.Start(AnswerAsync);

        var result = await Posts.SendOnceAsync($"http://{host}:{receiver.Port}/", options: NothingAllowed);

        Assert.Equal(AttemptOutcome.AddressRefused, result.Outcome);
        Assert.Equal("The host resolves to an address that may not be called.", result.Error);
        Assert.Equal(0, receiver.Connections);
    }

    [Theory]
    [InlineData("http://10.0.0.7/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://0.0.0.0/")]
    public async Task Addresses_of_private_networks_are_refused(string url) =>
        Assert.Equal(AttemptOutcome.AddressRefused, (await Posts.SendOnceAsync(url)).Outcome);

    [Fact]
    public async Task One_refused_address_refuses_them_all()
    {
        await using var receiver = RawReceiver.Start(AnswerAsync);
        using var sender = Posts.Sender(resolve: Answering("127.0.0.1", "10.0.0.7"));

        var result = await SendAsync(sender, receiver.Port);

        Assert.Equal(AttemptOutcome.AddressRefused, result.Outcome);
        Assert.Equal(0, receiver.Connections);
    }

    [Fact]
    public async Task A_name_that_changes_its_mind_is_judged_by_its_last_answer()
    {
        await using var receiver = RawReceiver.Start(AnswerAsync);
        var answers = new Queue<string>(["127.0.0.1", "169.254.169.254"]);
        using var sender = Posts.Sender(resolve: _ => [IPAddress.Parse(answers.Dequeue())]);

        Assert.Equal(AttemptOutcome.Succeeded, (await SendAsync(sender, receiver.Port)).Outcome);
        Assert.Equal(AttemptOutcome.AddressRefused, (await SendAsync(sender, receiver.Port)).Outcome);
        Assert.Equal(1, receiver.Connections);
    }

    [Fact]
    public async Task An_address_that_refuses_the_connection_is_passed_over_for_the_next()
    {
        await using var receiver = RawReceiver.StartOn("127.0.0.3", FreePorts.Next(), AnswerAsync);
        using var sender = Posts.Sender(resolve: Answering("127.0.0.1", "127.0.0.2", "127.0.0.3"));

        var result = await SendAsync(sender, receiver.Port);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
    }

    [Fact]
    public async Task An_address_that_swallows_the_connection_is_passed_over_for_the_next()
    {
        await using var receiver = RawReceiver.Start(AnswerAsync);
        using var blackHole = BlackHole.On("127.0.0.2", receiver.Port);
        using var sender = Posts.Sender(resolve: Answering("127.0.0.2", "127.0.0.1"));

        var result = await SendAsync(sender, receiver.Port);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
    }

    [Fact]
    public async Task The_deadline_covers_connecting()
    {
        using var blackHole = BlackHole.On("127.0.0.1", port: 0);

        var result = await Posts.SendOnceAsync(blackHole.Url, TimeSpan.FromMilliseconds(300));

        Assert.Equal(AttemptOutcome.TimedOut, result.Outcome);
    }

    [Fact]
    public async Task The_deadline_covers_the_name_server()
    {
        using var names = new SilentNames();
        using var sender = Posts.Sender(resolve: names.Resolve);

        var result = await sender.SendAsync(
            Posts.To("http://receiver.example/", TimeSpan.FromMilliseconds(300)), TestContext.Current.CancellationToken);

        Assert.Equal(AttemptOutcome.TimedOut, result.Outcome);
    }

    [Theory]
    [InlineData("no-such-host.invalid")]
    [InlineData("a-label-of-more-than-sixty-three-characters-is-more-than-dns-can-carry.example")]
    public async Task A_name_without_an_address_is_a_DNS_failure(string host)
    {
        var result = await Posts.SendOnceAsync($"http://{host}/", TimeSpan.FromSeconds(30));

        Assert.Equal(AttemptOutcome.DnsFailed, result.Outcome);
        Assert.Equal("The host name has no address.", result.Error);
    }

    [Fact]
    public async Task A_name_with_an_empty_answer_is_a_DNS_failure()
    {
        using var sender = Posts.Sender(resolve: Answering());

        Assert.Equal(AttemptOutcome.DnsFailed, (await SendAsync(sender, 80)).Outcome);
    }

    [Fact]
    public async Task Sends_leave_from_the_source_address()
    {
        IPAddress? peer = null;
        await using var receiver = RawReceiver.Start(connection =>
        {
            peer = connection.Peer;
            return AnswerAsync(connection);
        });
        var options = new SendingOptions { AllowInsecureUrls = true, AllowedAddresses = "127.0.0.0/8", SourceAddress = "127.0.0.9" };

        var result = await Posts.SendOnceAsync(receiver.Url, options: options);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        Assert.Equal(IPAddress.Parse("127.0.0.9"), peer);
    }

    [Fact]
    public async Task Addresses_of_another_family_than_the_source_are_left_out()
    {
        await using var receiver = RawReceiver.Start(AnswerAsync);
        var options = new SendingOptions { AllowInsecureUrls = true, AllowedAddresses = "127.0.0.0/8 ::1", SourceAddress = "127.0.0.9" };
        using var both = Posts.Sender(options, Answering("::1", "127.0.0.1"));
        using var other = Posts.Sender(options, Answering("::1"));

        Assert.Equal(AttemptOutcome.Succeeded, (await SendAsync(both, receiver.Port)).Outcome);
        Assert.Equal("The receiver has no address of the kind that sends leave from.", (await SendAsync(other, receiver.Port)).Error);
    }

    [Fact]
    public async Task Plain_http_is_refused_unless_allowed()
    {
        await using var receiver = RawReceiver.Start(AnswerAsync);

        var result = await Posts.SendOnceAsync(receiver.Url, options: new SendingOptions { AllowedAddresses = "127.0.0.0/8" });

        Assert.Equal(AttemptOutcome.AddressRefused, result.Outcome);
        Assert.Equal("The URL must be https.", result.Error);
        Assert.Equal(0, receiver.Connections);
    }

    [Fact]
    public async Task No_error_names_an_address()
    {
        using var sender = Posts.Sender(resolve: Answering("127.0.0.1"));

        var result = await SendAsync(sender, FreePorts.Next());

        Assert.Equal(AttemptOutcome.ConnectionFailed, result.Outcome);
        Assert.DoesNotContain("127.", result.Error, StringComparison.Ordinal);
    }

    private static Func<string, IPAddress[]> Answering(params string[] addresses) => _ => Array.ConvertAll(addresses, IPAddress.Parse);

    private static Task<SendResult> SendAsync(WebhookSender sender, int port) =>
        sender.SendAsync(Posts.To($"http://receiver.example:{port}/"), TestContext.Current.CancellationToken);

    private static async Task AnswerAsync(RawConnection connection)
    {
        await connection.ReadRequestAsync();
        await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
}

using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Webhooks.Sending.Receivers;

namespace Webhooks.Sending;

/// <summary>Certificates that are issued, shown or meant in an unusual way.</summary>
public sealed class CertificateChainTests : IDisposable
{
    private readonly ChainAuthority _authority = ChainAuthority.Create();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task An_intermediate_that_the_receiver_shows_is_used()
    {
        using var intermediate = _authority.CreateIntermediate();

        var result = await SendToAsync(intermediate.Issue(), shown: intermediate.Certificate);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
    }

    [Fact]
    public async Task A_missing_intermediate_makes_the_certificate_invalid()
    {
        using var intermediate = _authority.CreateIntermediate();

        AssertInvalid("intermediate certificate is missing", await SendToAsync(intermediate.Issue()));
    }

    [Fact]
    public async Task A_certificate_of_the_future_is_invalid() =>
        AssertInvalid("not valid yet", await SendToAsync(_authority.IssueForTheFuture()));

    [Fact]
    public async Task A_certificate_for_clients_is_invalid() =>
        AssertInvalid("certificate", await SendToAsync(_authority.IssueForClients()));

    [Fact]
    public async Task A_certificate_cannot_make_the_sender_call_an_address()
    {
        using var unknown = ChainAuthority.Create();
        await using var bait = RawReceiver.Start(connection => connection.StallAsync());

        AssertInvalid("unknown authority", await SendToAsync(unknown.IssuePointingAt(bait.Url)));
        Assert.Equal(0, bait.Connections);
    }

    [Fact]
    public async Task Connections_are_used_again()
    {
        await using var receiver = Serving(_authority.Issue());
        using var sender = Sender();

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(AttemptOutcome.Succeeded, (await SendAsync(sender, receiver)).Outcome);
        }

        Assert.Equal(1, receiver.Connections);
    }

    [Fact]
    public async Task A_goodbye_that_crosses_the_request_is_no_failure()
    {
        RawConnection? idle = null;
        var certificate = _authority.Issue();
        await using var receiver = RawReceiver.Start(connection =>
        {
            idle ??= connection;
            return ServeAsync(connection, certificate, null);
        });
        using var sender = Sender();
        await SendAsync(sender, receiver);

        using var body = new WatchedMemory(() => idle!.Dispose());
        var result = await SendAsync(sender, receiver, body.Memory);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        Assert.Equal(2, receiver.Connections);
    }

    private static void AssertInvalid(string reason, SendResult result)
    {
        Assert.Equal(AttemptOutcome.CertificateInvalid, result.Outcome);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
    }

    private async Task<SendResult> SendToAsync(X509Certificate2 certificate, X509Certificate2? shown = null)
    {
        await using var receiver = Serving(certificate, shown);
        using var sender = Sender();
        return await SendAsync(sender, receiver);
    }

    private static Task<SendResult> SendAsync(WebhookSender sender, RawReceiver receiver, ReadOnlyMemory<byte>? body = null)
    {
        var request = Posts.To($"https://{ChainAuthority.Host}:{receiver.Port}/");
        return sender.SendAsync(body is { } given ? request with { Body = given } : request, TestContext.Current.CancellationToken);
    }

    private WebhookSender Sender() => Posts.Sender(
        new SendingOptions { AllowedAddresses = "127.0.0.0/8", TrustedCertificates = _authority.PemFile },
        resolve: _ => [IPAddress.Loopback]);

    private static RawReceiver Serving(X509Certificate2 certificate, X509Certificate2? shown = null) =>
        RawReceiver.Start(connection => ServeAsync(connection, certificate, shown));

    private static async Task ServeAsync(RawConnection connection, X509Certificate2 certificate, X509Certificate2? shown)
    {
        await using var tls = new SslStream(connection.Stream, leaveInnerStreamOpen: true);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, shown is null ? null : [shown], offline: true),
        });

        while (true)
        {
            await RawConnection.ReadRequestAsync(tls);
            await tls.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
        }
    }
}
